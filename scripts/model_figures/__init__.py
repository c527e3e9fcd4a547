# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/models.md, by subject; scripts/plot_model_terms.py draws them."""
