// The version map of a small tree with PyTorch's paths.
#include <torch/csrc/jit/operator_upgraders/version_map.h>

#include <string>
#include <unordered_map>
#include <vector>

namespace torch::jit {

static std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap(
    {{"aten::div.Tensor",
      {{4,
        "div_Tensor_0_3",
        "aten::div.Tensor(Tensor self, Tensor other) -> Tensor"}}}});

} // namespace torch::jit
