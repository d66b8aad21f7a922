// The data SPEC of the command line and of recipes.
#include "gradus/data/data_spec.h"
#include "fuzz/judge.h"

namespace gradus::fuzz {
namespace {

void run(Bytes bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const DataSpec spec = parse_data_spec(text);
  require(parse_data_spec(to_string(spec)) == spec, "a spec does not come back: " + text);
  preprocessing_of(spec);
}

std::vector<std::string> seeds() {
  return {"cifar10:/data/x,split=test,limit=1000,seed=1",
          "imagelist:a\\,b.txt,resize=256,crop=224,order=bgr,scale=255",
          "synthetic:shapes,limit=10,mean=.485/.456/.406,std=.229/.224/.225"};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
