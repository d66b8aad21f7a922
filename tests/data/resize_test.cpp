#include "gradus/data/resize.h"

#include <gtest/gtest.h>

#include "tests/data/picture_files.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;

struct Golden {
  PictureSize from;
  PictureSize to;
  std::vector<std::uint8_t> bytes;
};

// Written with Pillow 12.3.0 and numpy:
//   y, x, c = np.mgrid[0:h, 0:w, 0:3]
//   p = Image.fromarray(((x*7 + y*(11+c) + x*y*(c+1)//5 + c*40) % 256).astype(np.uint8))
//   print(np.asarray(p.resize((to_w, to_h), Image.BILINEAR)).ravel())
const std::vector<Golden> kPillow = {
    {{11, 7}, {5, 3}, {15, 56,  97,  29, 70,  111, 45, 87,  129, 61,  103, 146, 75,  118, 160,
                       39, 82,  126, 53, 98,  143, 71, 117, 163, 88,  135, 182, 103, 151, 200,
                       63, 109, 155, 78, 126, 175, 97, 147, 197, 115, 167, 220, 131, 185, 205}},
    {{11, 7},
     {16, 10},
     {0,   40,  80,  4,   44,  84,  9,   49,  89,  13,  53,  93,  18,  58,  98,  23,  63,  103, 28,
      68,  108, 33,  73,  113, 37,  77,  117, 42,  82,  122, 47,  87,  127, 52,  92,  132, 57,  97,
      137, 61,  101, 141, 66,  106, 146, 70,  110, 150, 6,   47,  87,  10,  51,  91,  15,  56,  96,
      19,  60,  101, 24,  65,  106, 29,  70,  111, 34,  75,  116, 39,  80,  121, 44,  85,  126, 49,
      90,  131, 54,  95,  136, 59,  100, 141, 64,  105, 146, 68,  109, 151, 73,  115, 156, 77,  119,
      160, 14,  55,  96,  18,  59,  100, 23,  64,  106, 27,  68,  111, 32,  74,  116, 37,  79,  121,
      42,  85,  127, 47,  90,  132, 52,  95,  137, 57,  100, 142, 62,  105, 148, 67,  110, 153, 72,
      116, 159, 76,  120, 164, 82,  126, 170, 86,  130, 174, 21,  63,  105, 25,  67,  109, 30,  72,
      115, 34,  77,  120, 40,  83,  126, 45,  88,  131, 50,  94,  137, 55,  99,  143, 60,  104, 149,
      65,  109, 154, 70,  115, 160, 75,  120, 165, 81,  126, 171, 85,  131, 176, 91,  137, 182, 95,
      141, 187, 29,  72,  114, 33,  76,  118, 38,  81,  124, 43,  86,  130, 48,  92,  136, 53,  97,
      142, 59,  103, 148, 64,  109, 154, 69,  115, 160, 74,  120, 165, 79,  126, 171, 84,  131, 178,
      90,  137, 184, 94,  142, 189, 100, 148, 195, 104, 152, 200, 37,  80,  124, 41,  84,  128, 46,
      90,  134, 51,  96,  140, 56,  102, 146, 61,  107, 153, 67,  113, 159, 72,  119, 166, 77,  125,
      172, 82,  130, 177, 88,  136, 183, 93,  141, 190, 99,  147, 196, 104, 153, 202, 110, 159, 209,
      114, 164, 214, 45,  89,  133, 49,  93,  138, 54,  99,  144, 59,  105, 150, 65,  111, 157, 70,
      117, 164, 76,  123, 170, 81,  129, 177, 86,  135, 183, 91,  140, 189, 97,  146, 195, 102, 152,
      202, 108, 158, 209, 113, 164, 215, 119, 170, 222, 123, 175, 227, 52,  97,  142, 56,  102, 147,
      62,  108, 154, 67,  114, 160, 73,  120, 167, 78,  127, 174, 84,  133, 181, 89,  139, 188, 95,
      145, 194, 100, 150, 201, 106, 156, 208, 111, 163, 215, 117, 169, 222, 122, 175, 228, 128, 181,
      235, 132, 186, 240, 60,  105, 151, 64,  110, 156, 70,  116, 163, 75,  122, 170, 81,  129, 177,
      86,  136, 184, 92,  142, 192, 97,  148, 199, 103, 154, 205, 108, 160, 212, 114, 166, 220, 119,
      173, 227, 125, 180, 234, 130, 186, 241, 136, 192, 194, 141, 197, 138, 66,  112, 158, 70,  117,
      163, 76,  123, 170, 81,  129, 178, 87,  136, 185, 92,  143, 192, 98,  149, 200, 104, 156, 207,
      110, 162, 214, 115, 168, 221, 121, 174, 229, 126, 181, 236, 132, 188, 243, 137, 194, 251, 143,
      201, 138, 148, 206, 8}},
    {{9, 20},
     {4, 9},
     {15,  56,  97,  29,  71,  112, 46,  87,  129, 60,  102, 144, 37,  80,  123, 52,  96,  141,
      70,  115, 161, 85,  131, 178, 62,  108, 154, 78,  126, 174, 97,  147, 197, 113, 165, 213,
      88,  136, 184, 104, 156, 206, 124, 178, 208, 141, 199, 130, 112, 163, 214, 130, 185, 191,
      150, 209, 72,  168, 217, 46,  136, 189, 192, 155, 212, 70,  176, 195, 49,  195, 103, 76,
      161, 216, 53,  181, 168, 50,  203, 47,  84,  220, 44,  115, 186, 159, 48,  207, 45,  82,
      218, 48,  120, 134, 75,  154, 208, 32,  75,  228, 42,  111, 141, 76,  152, 30,  104, 188}},
    {{5, 4}, {5, 2}, {8,  49, 89,  15, 56, 96,  22, 63, 104, 29, 70, 111, 36, 77, 119,
                      25, 67, 110, 32, 75, 118, 40, 83, 126, 47, 91, 134, 54, 99, 143}},
    {{6, 5}, {2, 5}, {9,  49, 89,  26, 66, 106, 20, 61,  102, 38, 79, 121, 31, 73,  116,
                      49, 93, 136, 42, 86, 130, 61, 106, 152, 53, 98, 143, 73, 120, 167}},
};

TEST(ResizeBilinear, EqualsPillowToTheByte) {
  for (const Golden& golden : kPillow) {
    const Picture picture = pattern_picture(golden.from.width, golden.from.height);
    const Picture resized = resize_bilinear(picture.view(), golden.to);
    EXPECT_EQ(resized.bytes, golden.bytes) << golden.from.width << " to " << golden.to.width;
  }
}

TEST(BilinearResize, GivesEveryPictureWhatResizeBilinearGives) {
  for (const PictureSize to : {PictureSize{5, 3}, {11, 3}, {5, 7}, {11, 7}, {20, 30}}) {
    BilinearResize resize({11, 7}, to, 3);
    for (int shift : {0, 1, 100}) {
      Picture picture = pattern_picture(11, 7);
      for (std::uint8_t& byte : picture.bytes) byte = static_cast<std::uint8_t>(byte + shift);
      const PictureView view = resize.run(picture.view());
      ASSERT_EQ(view.row_stride, std::ptrdiff_t{to.width} * 3);
      EXPECT_EQ(std::vector<std::uint8_t>(view.data, view.data + view.row_stride * view.height),
                resize_bilinear(picture.view(), to).bytes);
    }
  }
}

TEST(ResizeBilinear, LeavesASizeThatIsRightAlone) {
  const Picture picture = pattern_picture(8, 6);
  EXPECT_EQ(resize_bilinear(picture.view(), {8, 6}).bytes, picture.bytes);
}

TEST(ResizeBilinear, ReadsAPartOfAPicture) {
  const Picture picture = pattern_picture(12, 10);
  const PictureView centre = centre_crop(picture.view(), 7, CropRound::kEven, "p");
  Picture copy{7, 7, 3, {}};
  for (int y = 0; y < 7; ++y) {
    copy.bytes.insert(copy.bytes.end(), centre.row(y), centre.row(y) + 7 * 3);
  }
  EXPECT_EQ(resize_bilinear(centre, {5, 9}).bytes, resize_bilinear(copy.view(), {5, 9}).bytes);
}

TEST(ResizedSize, ScalesTheShorterSideAndRoundsTheLongerDown) {
  EXPECT_EQ(resized_size({500, 375}, 256, "p"), (PictureSize{341, 256}));
  EXPECT_EQ(resized_size({375, 500}, 256, "p"), (PictureSize{256, 341}));
  EXPECT_EQ(resized_size({227, 227}, 256, "p"), (PictureSize{256, 256}));
}

TEST(ResizedSize, RefusesWhatBecomesTooLarge) {
  expect_error(ErrorCode::kInvalidArgument, {"p", "resize=2", "16384"},
               [] { resized_size({1, 16384}, 2, "p"); });
  expect_error(ErrorCode::kInvalidArgument, {"67108864"},
               [] { resized_size({100, 100}, 16384, "p"); });
}

// Column and row of the first pixel of a crop out of 16 x 9.
std::pair<int, int> crop_offset(int side, CropRound rounding) {
  const Picture picture = pattern_picture(16, 9);
  const auto* first = centre_crop(picture.view(), side, rounding, "p").data;
  const int pixel = static_cast<int>(first - picture.bytes.data()) / 3;
  return {pixel % 16, pixel / 16};
}

// torchvision: int(round((side - crop) / 2.0)), and Python rounds halves to the even neighbour.
TEST(CentreCrop, RoundsHalvesToEven) {
  EXPECT_EQ(crop_offset(9, CropRound::kEven), std::pair(4, 0));  // 3.5, 0
  EXPECT_EQ(crop_offset(8, CropRound::kEven), std::pair(4, 0));  // 4, 0.5
  EXPECT_EQ(crop_offset(7, CropRound::kEven), std::pair(4, 1));  // 4.5, 1
  EXPECT_EQ(crop_offset(6, CropRound::kEven), std::pair(5, 2));  // 5, 1.5
}

TEST(CentreCrop, RoundsDownWhenAsked) {
  EXPECT_EQ(crop_offset(9, CropRound::kDown), std::pair(3, 0));
  EXPECT_EQ(crop_offset(8, CropRound::kDown), std::pair(4, 0));
  EXPECT_EQ(crop_offset(7, CropRound::kDown), std::pair(4, 1));
  EXPECT_EQ(crop_offset(6, CropRound::kDown), std::pair(5, 1));
}

TEST(CentreCrop, RefusesToCropMoreThanThereIs) {
  const Picture picture = pattern_picture(16, 9);
  expect_error(ErrorCode::kInvalidArgument, {"p.png", "crop=10", "16x9", "resize"},
               [&] { centre_crop(picture.view(), 10, CropRound::kEven, "p.png"); });
}

}  // namespace
}  // namespace gradus
