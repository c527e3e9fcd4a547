# SPDX-License-Identifier: Apache-2.0
"""validate.py SCHEMA FILE_OR_DIRECTORY... : 0 if every result file matches the schema, 1 if not,
77 if python3-jsonschema is not installed."""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)


def main(schema_path, *arguments):
    schema = json.loads(pathlib.Path(schema_path).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    files = []
    for argument in map(pathlib.Path, arguments):
        files += sorted(argument.glob("**/*.json")) if argument.is_dir() else [argument]
    if not files:
        print("no result file to check")
        return 1
    status = 0
    for path in files:
        results = json.loads(path.read_text())
        for error in validator.iter_errors(results):
            print(f"{path}: {'/'.join(map(str, error.path))}: {error.message[:300]}")
            status = 1
        print(f"{path}: {len(results.get('benchmarks', []))} records")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
