#include "gradus/train/train_state.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <sstream>

#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "gradus/checkpoint/graph_state.h"

namespace gradus {
namespace {

constexpr const char* kBest = "chosen/";

[[noreturn]] void damaged(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::kInvalidFile, where + ": " + what + "; start again without resuming");
}

// Names, operators and connections: a state file fits no other network.
std::string fingerprint(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) {
    text += node.name + " " + node.op;
    for (ValueId id : node.inputs) text += " " + std::to_string(id);
    text += "\n";
  }
  return std::to_string(crc32(std::as_bytes(std::span(text))));
}

// Doubles as text that reads back to the same bits.
std::string exact(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%a", value);
  return text.data();
}

std::string text_of(const std::optional<Accuracy>& accuracy) {
  if (!accuracy) return "-";
  return std::to_string(accuracy->images) + "," + exact(accuracy->top1) + "," +
         exact(accuracy->top5) + "," + exact(accuracy->loss);
}

class Reader {
 public:
  Reader(const std::string& text, const std::string& where) : stream_(text), where_(where) {}
  std::string word() {
    std::string text;
    if (!(stream_ >> text)) damaged(where_, "its training position is cut short");
    return text;
  }
  std::int64_t integer() { return parse_integer(word()); }
  double real() { return parse_real(word()); }
  std::optional<Accuracy> accuracy() {
    std::string text = word();
    if (text == "-") return std::nullopt;
    std::replace(text.begin(), text.end(), ',', ' ');
    Reader parts(text, where_);
    Accuracy accuracy;
    accuracy.images = parts.integer();
    accuracy.top1 = parts.real();
    accuracy.top5 = parts.real();
    accuracy.loss = parts.real();
    return accuracy;
  }

 private:
  std::int64_t parse_integer(const std::string& text) const {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      damaged(where_, "'" + text + "' in its training position is no integer");
    }
    return value;
  }
  double parse_real(const std::string& text) const {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') {
      damaged(where_, "'" + text + "' in its training position is no number");
    }
    return value;
  }

  std::istringstream stream_;
  std::string where_;
};

std::string position_text(const TrainPosition& p) {
  std::string text =
      std::to_string(p.step) + " " + std::to_string(p.batch) + " " + std::to_string(p.epoch) + " " +
      exact(p.loss) + " " + std::to_string(p.hits) + " " + std::to_string(p.images) + " " +
      exact(p.seconds) + " " + text_of(p.chosen) + " " + text_of(p.result.ptq) + " " +
      std::to_string(p.result.chosen_epoch) + " " + std::to_string(p.result.epochs.size());
  for (const EpochReport& report : p.result.epochs) {
    text += "\n" + std::to_string(report.epoch) + " " + exact(report.loss) + " " +
            exact(report.accuracy) + " " + exact(report.lr) + " " + text_of(report.validation) +
            " " + text_of(report.test) + " " + exact(report.seconds);
  }
  return text;
}

TrainPosition read_position(const std::string& text, const std::string& where) {
  Reader read(text, where);
  TrainPosition p;
  p.step = read.integer();
  p.batch = read.integer();
  p.epoch = static_cast<int>(read.integer());
  p.loss = read.real();
  p.hits = read.integer();
  p.images = read.integer();
  p.seconds = read.real();
  p.chosen = read.accuracy();
  p.result.ptq = read.accuracy();
  p.result.chosen_epoch = static_cast<int>(read.integer());
  const std::int64_t epochs = read.integer();
  for (std::int64_t i = 0; i < epochs; ++i) {
    EpochReport report;
    report.epoch = static_cast<int>(read.integer());
    report.loss = read.real();
    report.accuracy = read.real();
    report.lr = read.real();
    report.validation = read.accuracy();
    report.test = read.accuracy();
    report.seconds = read.real();
    p.result.epochs.push_back(report);
  }
  return p;
}

std::string quantizer_prefix(std::size_t q) { return "follow/" + std::to_string(q) + "/"; }

Tensor ranges_tensor(const std::vector<Range>& ranges) {
  std::vector<float> values;
  for (const Range& range : ranges) {
    values.push_back(range.min);
    values.push_back(range.max);
  }
  return Tensor::from<float>({static_cast<std::int64_t>(ranges.size()), 2}, values);
}

std::vector<Range> read_ranges(const Checkpoint& checkpoint, const std::string& name,
                               std::size_t channels, const std::string& where) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end()) return {};
  const Shape shape = {static_cast<std::int64_t>(channels), 2};
  if (found->second.dtype() != DType::kFloat32 || found->second.shape() != shape) {
    damaged(where, "tensor '" + name + "' does not fit its quantizer");
  }
  const auto values = found->second.as<float>();
  std::vector<Range> ranges(channels);
  for (std::size_t c = 0; c < channels; ++c) ranges[c] = {values[2 * c], values[2 * c + 1]};
  return ranges;
}

const std::string& metadata(const Checkpoint& checkpoint, const std::string& key,
                            const std::string& where) {
  const auto found = checkpoint.metadata.find(key);
  if (found == checkpoint.metadata.end()) damaged(where, "has no '" + key + "'");
  return found->second;
}

}  // namespace

Checkpoint save_train_state(const Graph& graph, const Recipe& recipe, Network& network,
                            const Optimizer& optimizer, const TrainState& state) {
  Checkpoint checkpoint = graph_state(graph);
  optimizer.save(checkpoint);
  for (std::size_t q = 0; q < network.quantizers().size(); ++q) {
    const TrainedQuantizer& quantizer = network.quantizers()[q];
    if (quantizer.tracked.empty()) continue;
    checkpoint.tensors[quantizer_prefix(q) + "tracked"] = ranges_tensor(quantizer.tracked);
    checkpoint.tensors[quantizer_prefix(q) + "kept"] = ranges_tensor(quantizer.kept);
  }
  for (const auto& [name, tensor] : state.chosen.tensors) checkpoint.tensors[kBest + name] = tensor;
  const at::Tensor generator = at::detail::getDefaultCPUGenerator().get_state();
  checkpoint.tensors["generator/cpu"] = Tensor::from<std::uint8_t>(
      {generator.numel()},
      {generator.const_data_ptr<std::uint8_t>(), static_cast<std::size_t>(generator.numel())});
  checkpoint.metadata["train.recipe"] = to_yaml(recipe);
  checkpoint.metadata["train.network"] = fingerprint(graph);
  checkpoint.metadata["train.position"] = position_text(state.position);
  return checkpoint;
}

void check_train_state(const Checkpoint& checkpoint, const Graph& graph, const Recipe& recipe,
                       const std::string& where) {
  if (metadata(checkpoint, "train.recipe", where) != to_yaml(recipe)) {
    throw Error(ErrorCode::kInvalidArgument,
                where +
                    ": was written by a run with another recipe; resume with that recipe, or "
                    "start in another folder");
  }
  if (metadata(checkpoint, "train.network", where) != fingerprint(graph)) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": was written by a run of another network; start in another folder");
  }
}

TrainState load_train_state(const Checkpoint& checkpoint, Network& network, Optimizer& optimizer,
                            const std::string& where) {
  TrainState state;
  optimizer.load(checkpoint, where);
  for (std::size_t q = 0; q < network.quantizers().size(); ++q) {
    TrainedQuantizer& quantizer = network.quantizers()[q];
    const std::size_t channels = quantizer.fake.zero_point.size();
    quantizer.tracked = read_ranges(checkpoint, quantizer_prefix(q) + "tracked", channels, where);
    quantizer.kept = read_ranges(checkpoint, quantizer_prefix(q) + "kept", channels, where);
    if (quantizer.tracked.size() != quantizer.kept.size()) {
      damaged(where, "quantizer " + std::to_string(q) + " lacks a range");
    }
  }
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (name.starts_with(kBest)) {
      state.chosen.tensors[name.substr(std::string(kBest).size())] = tensor;
    }
  }
  const auto generator = checkpoint.tensors.find("generator/cpu");
  auto generators = at::detail::getDefaultCPUGenerator();
  const bool fits = generator != checkpoint.tensors.end() &&
                    generator->second.dtype() == DType::kUint8 &&
                    generator->second.size() == generators.get_state().numel();
  if (!fits) damaged(where, "the random generator's state does not fit this libtorch");
  at::Tensor bytes = at::empty({generator->second.size()}, at::kByte);
  const auto values = generator->second.as<std::uint8_t>();
  std::copy(values.begin(), values.end(), bytes.mutable_data_ptr<std::uint8_t>());
  generators.set_state(bytes);
  state.position = read_position(metadata(checkpoint, "train.position", where), where);
  return state;
}

}  // namespace gradus
