// SPDX-License-Identifier: Apache-2.0
#include "sim/event/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "scenario/price.hpp"
#include "sim/event/clocks.hpp"
#include "sim/event/ways.hpp"
#include "sim/flow_engine.hpp"
#include "sim/memory.hpp"
#include "sim/parallel_engine.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

/// Of a rank, at most: clocks, what its messages cost, random bits and delays, in the order of
/// ranks and of a ring's tiles.
constexpr double kRankBytes = 160;
/// More are not walked one by one: a minute.
constexpr double kMostWalked = 4e9;

Expected<std::vector<float>> slow_factors(const EventOptions& options, std::int64_t ranks) {
  std::vector<float> factors;
  if (options.slow.empty()) return factors;
  factors.assign(static_cast<std::size_t>(ranks), 1.0F);
  for (const SlowRanks& slow : options.slow) {
    if (slow.first < 0 || slow.last < slow.first || slow.last >= ranks)
      return fail(fmt::format("slow ranks {}-{}: expected ranks from 0 to {}", slow.first,
                              slow.last, ranks - 1));
    for (std::int64_t r = slow.first; r <= slow.last; ++r)
      factors[static_cast<std::size_t>(r)] =
          std::max(factors[static_cast<std::size_t>(r)], static_cast<float>(slow.factor));
  }
  return factors;
}

/// When each rank starts. Delays of single steps have streams from 1 on.
std::vector<double> starts_of(const EventOptions& options, std::int64_t ranks) {
  std::vector<double> starts(static_cast<std::size_t>(ranks));
  if (options.late.kind != NoiseKind::none) {
    const DelayLaw law(options.late);
    const StepKeys keys = step_keys(options.seed, 0, 0);
    for (std::size_t r = 0; r < starts.size(); ++r)
      starts[r] = std::max(
          0.0, static_cast<double>(delay_pair(law, rank_key(options.seed, r), keys, 0).first));
  }
  for (std::size_t r = 0; r < std::min(starts.size(), options.late_s.size()); ++r)
    starts[r] = options.late_s[r];
  return starts;
}

double last_of(const std::vector<double>& t) { return *std::max_element(t.begin(), t.end()); }

/// Makes the flow engine's terms sum to `time_s`: what differs is latency that passes while ports
/// are busy.
void settle(Prediction& prediction, double time_s) {
  double less = prediction.time_s - time_s;
  double latency = 0;
  for (const ExposedTime& part : prediction.breakdown)
    if (part.term == "latency") latency += part.exposed_s;
  if (less > 0 && latency > 0) {
    const double from_latency = std::min(less, latency);
    for (ExposedTime& part : prediction.breakdown)
      if (part.term == "latency") part.exposed_s *= 1 - from_latency / latency;
    if (prediction.bottleneck == "latency") prediction.bottleneck_s -= from_latency;
    less -= from_latency;
  }
  const double rest = time_s + less;
  const double factor = less != 0 && rest > 0 ? time_s / rest : 1;
  for (ExposedTime& part : prediction.breakdown) part.exposed_s *= factor;
  prediction.bottleneck_s *= factor;
  std::erase_if(prediction.breakdown, [](const ExposedTime& p) { return p.exposed_s <= 0; });
  prediction.time_s = time_s;
}

/// Loads of steps become the lesser of both: what messages carry on that no failure touches. They
/// may have less to share than before, since those that are rerouted go elsewhere.
void keep_least(ScheduleCost& cost, const ScheduleCost& other) {
  for (std::size_t i = 0; i < std::min(cost.steps.size(), other.steps.size()); ++i) {
    StepCost& step = cost.steps[i];
    const StepCost& less = other.steps[i];
    for (std::size_t r = 0; r < step.even.size(); ++r) {
      step.even[r] = std::min(step.even[r], less.even[r]);
      step.hashed[r] = std::min(step.hashed[r], less.hashed[r]);
    }
    step.port_gaps = std::min(step.port_gaps, less.port_gaps);
    step.nic_gaps = std::min(step.nic_gaps, less.nic_gaps);
  }
  for (std::size_t i = 0; i < cost.parts.size(); ++i) keep_least(cost.parts[i], other.parts[i]);
}

void add_term(Prediction& prediction, const char* term, const std::string& tier, double seconds) {
  if (seconds == 0) return;
  prediction.time_s += seconds;
  double most = prediction.bottleneck_s;
  for (const ExposedTime& part : prediction.breakdown) most = std::max(most, part.exposed_s);
  if (seconds > most) {
    prediction.bottleneck = term;
    prediction.bottleneck_s = seconds;
  }
  prediction.breakdown.push_back({term, tier, seconds});
}

std::int64_t engines_of(const FlowNetwork& network, const EventOptions& options) {
  return engines_that_fit(network.system(), options.flow, options.threads);
}

class Simulation {
 public:
  /// `whole`: the same job where nothing has failed; null where nothing has.
  Simulation(const FlowNetwork& network, const FlowNetwork* whole, const EventOptions& options,
             const PriceOptions& price_options, const std::vector<float>& slow)
      : options_(options),
        ranks_(network.ranks()),
        slow_(slow),
        starts_(starts_of(options, network.ranks())),
        law_(
            options.measured_delays_s.empty()
                ? DelayLaw(price_options.terms.has(CostTerm::noise) ? price_options.noise : Noise{})
                : DelayLaw(std::span<const double>(options.measured_delays_s))),
        network_(network),
        loads_(network, options.seed, engines_of(network, options)),
        rates_(network.system(), without_noise(price_options)) {
    plan_rates_.base_s = 0;
    if (whole != nullptr) whole_loads_.emplace(*whole, options.seed, engines_of(network, options));
    if (Ways::decide(network.routes())) ways_.emplace(network, options.seed, plan_rates_);
  }

  Expected<EventPrediction> run(const Candidate& candidate, double size_bytes) {
    if (auto accepted = network_.accepts(candidate); !accepted)
      return tl::unexpected(accepted.error());
    const ScheduleCost cost = price(candidate.program, loads_);
    if (auto whole = loads_.check_cut(); !whole) return tl::unexpected(whole.error());
    const double base_s = rates_.options.terms.has(CostTerm::latency) ? rates_.base_s : 0;
    if (ways_) {
      constexpr double kKindBytes = 4;
      if (auto fits = check_memory(kKindBytes * kept_messages(candidate.program),
                                   options_.flow.memory_limit_bytes,
                                   fmt::format("engine event on the ways of {:.1g} messages",
                                               kept_messages(candidate.program)));
          !fits)
        return tl::unexpected(fits.error());
    }
    ScheduleCost ordinary = cost;
    if (whole_loads_) keep_least(ordinary, price(candidate.program, *whole_loads_));
    const PlanSource source{plan_rates_, loads_.fabric().is_clos() ? loads_.fabric().levels() : 0,
                            ways_ ? &*ways_ : nullptr};
    const Plan plan = make_plan(candidate.program, cost, ordinary, source, size_bytes);
    const bool stragglers = !slow_.empty() || last_of(starts_) > 0;
    const bool disturbed = stragglers || law_.kind != DelayLaw::Kind::none;
    constexpr std::int64_t kUntilSteady = 4;  // undisturbed chunks soon follow one another alike
    const double messages =
        walked_messages(plan, disturbed ? std::numeric_limits<std::int64_t>::max() : kUntilSteady);
    if (messages > kMostWalked && !is_one_ring(plan))
      return fail(fmt::format(
          "engine event would walk {:.1g} messages of algorithm {}, more than {:.0g}: fewer ranks "
          "or chunks, or engine flow, would do",
          messages, candidate.schedule.algorithm, kMostWalked));

    EventPrediction out;
    Prediction& prediction = out.prediction;
    prediction = evaluate(cost, rates_, size_bytes);
    prediction.algorithm = candidate.schedule.algorithm;
    prediction.abilities = abilities_of(candidate);
    std::vector<double> t(static_cast<std::size_t>(ranks_));
    go(plan, {}, t);
    double before_s = last_of(t);
    settle(prediction, before_s + base_s);
    if (stragglers) {
      t = starts_;
      go(plan, {nullptr, slow_.empty() ? nullptr : &slow_, options_.seed}, t);
      out.last_rank = who(t);
      add_term(prediction, "straggler", fmt::format("rank {}", out.last_rank),
               last_of(t) - before_s);
      before_s = last_of(t);
    }
    if (law_.kind != DelayLaw::Kind::none) {
      t = starts_;
      go(plan, {&law_, slow_.empty() ? nullptr : &slow_, options_.seed}, t);
      add_term(prediction, "noise", "rank", last_of(t) - before_s);
    }
    out.last_rank = who(t);
    return out;
  }

 private:
  static PriceOptions without_noise(PriceOptions options) {
    options.noise = {};
    return options;
  }
  static bool is_one_ring(const Plan& plan) {
    if (plan.kind == Plan::Kind::sequence)
      return std::all_of(plan.parts.begin(), plan.parts.end(), is_one_ring);
    return plan.kind == Plan::Kind::steps &&
           std::all_of(plan.lanes->begin(), plan.lanes->end(), is_ring) && plan.classes.size() < 16;
  }
  void go(const Plan& plan, const Disturbance& disturbance, std::vector<double>& t) {
    Clocks(network_.routes(), ranks_, disturbance, options_.threads).run(plan, t);
  }
  static std::int64_t who(const std::vector<double>& t) {
    return std::max_element(t.begin(), t.end()) - t.begin();
  }

  const EventOptions& options_;
  std::int64_t ranks_;
  const std::vector<float>& slow_;
  std::vector<double> starts_;
  DelayLaw law_;
  const FlowNetwork& network_;
  ParallelFlowEngine loads_;
  std::optional<ParallelFlowEngine> whole_loads_;
  CostRates rates_;
  CostRates plan_rates_ = rates_;  ///< without the constant part
  std::optional<Ways> ways_;
};

}  // namespace

Expected<std::vector<EventPrediction>> simulate_event(const System& system, Collective collective,
                                                      std::string_view algorithm,
                                                      std::int64_t ranks,
                                                      std::span<const double> sizes_bytes,
                                                      const EventOptions& options,
                                                      const PriceOptions& price_options) {
  // The flow engine checks the question, and says which algorithm is fastest.
  std::vector<std::string> algorithms(sizes_bytes.size(), std::string(algorithm));
  FlowOptions flow_options = options.flow;
  flow_options.seed = options.seed;
  if (algorithm == "auto") {
    const auto flow = simulate_flow(system, collective, algorithm, ranks, sizes_bytes, flow_options,
                                    price_options);
    if (!flow) return tl::unexpected(flow.error());
    for (std::size_t i = 0; i < algorithms.size(); ++i) algorithms[i] = (*flow)[i].algorithm;
  }
  if (auto fits = check_ranks(system, ranks); !fits) return tl::unexpected(fits.error());
  const auto network = FlowNetwork::make(system, ranks, flow_options);
  if (!network) return tl::unexpected(network.error());
  if (auto fits =
          check_memory(kRankBytes * static_cast<double>(ranks), flow_options.memory_limit_bytes,
                       fmt::format("engine event on {} ranks", format_count(ranks)));
      !fits)
    return tl::unexpected(fits.error());
  const auto slow = slow_factors(options, ranks);
  if (!slow) return tl::unexpected(slow.error());
  std::optional<FlowNetwork> whole;
  if (!network->routes().whole()) {
    FlowOptions without_faults = flow_options;
    without_faults.faults = {};
    without_faults.job_box = false;  // the same nodes
    auto made = FlowNetwork::make(system, ranks, without_faults);
    if (!made) return tl::unexpected(made.error());
    whole = *std::move(made);
  }
  Simulation simulation(*network, whole ? &*whole : nullptr, options, price_options, *slow);
  const Shape shape = shape_of(system, ranks);
  std::vector<EventPrediction> out;
  for (std::size_t i = 0; i < sizes_bytes.size(); ++i) {
    const auto one = candidate(system, collective, algorithms[i], shape);
    if (!one) return tl::unexpected(one.error());
    auto prediction = simulation.run(*one, sizes_bytes[i]);
    if (!prediction) return tl::unexpected(prediction.error());
    out.push_back(std::move(*prediction));
  }
  return out;
}

}  // namespace collscale
