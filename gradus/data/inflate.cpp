#include "gradus/data/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// zlib counts in unsigned int.
constexpr std::size_t kMaxPiece = std::numeric_limits<uInt>::max() / 2;

}  // namespace

Inflater::Inflater(std::span<const std::byte> compressed, DeflateFormat format, std::string where)
    : rest_(compressed),
      format_(format),
      where_(std::move(where)),
      stream_(std::make_unique<z_stream_s>()) {
  // 15: the largest window; + 16: with a gzip wrapper; negative: without any.
  const int window = format == DeflateFormat::kGzip ? 15 + 16 : -15;
  if (inflateInit2(stream_.get(), window) != Z_OK) {
    throw Error(ErrorCode::kFailed, where_ + ": no memory to inflate it");
  }
}

Inflater::~Inflater() { inflateEnd(stream_.get()); }

void Inflater::refuse(const std::string& what) const {
  throw Error(ErrorCode::kInvalidFile, where_ + ": " + what + "; get the file again");
}

void Inflater::feed() {
  if (stream_->avail_in > 0) return;
  const std::size_t piece = std::min(rest_.size(), kMaxPiece);
  // zlib's field is not const for history's sake; it only reads.
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest_.data()));
  stream_->avail_in = static_cast<uInt>(piece);
  rest_ = rest_.subspan(piece);
}

// gzip files may be glued together; a zip's entry is one stream.
void Inflater::end_member() {
  feed();
  if (stream_->avail_in == 0) {
    ended_ = true;
    return;
  }
  if (format_ == DeflateFormat::kRaw || stream_->next_in[0] != 0x1f) {
    refuse("the compressed data is followed by something else");
  }
  inflateReset(stream_.get());
}

std::size_t Inflater::read(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size() && !ended_) {
    feed();
    const std::size_t piece = std::min(out.size() - done, kMaxPiece);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream_->avail_out = static_cast<uInt>(piece);
    const int result = inflate(stream_.get(), Z_NO_FLUSH);
    done += piece - stream_->avail_out;
    if (result == Z_STREAM_END) {
      end_member();
    } else if (result == Z_MEM_ERROR) {
      throw Error(ErrorCode::kFailed, where_ + ": no memory to inflate it");
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      refuse(std::string("the compressed data is damaged (") +
             (stream_->msg != nullptr ? stream_->msg : "it needs a dictionary") + ")");
    } else if (stream_->avail_in == 0 && rest_.empty() && stream_->avail_out > 0) {
      refuse("the compressed data is cut short");
    }
  }
  return done;
}

bool is_gzip(std::span<const std::byte> file) {
  return file.size() >= 2 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b};
}

}  // namespace gradus
