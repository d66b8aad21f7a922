#include "gradus/base/file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

constexpr std::uint64_t kPlenty = 1 << 20;

void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST(ReadFile, GivesEveryByte) {
  const TemporaryFolder folder;
  const std::string text("a\0b\n\xff", 5);
  put(folder.file("x"), text);
  EXPECT_EQ(read_text_file(folder.file("x"), kPlenty), text);
  EXPECT_EQ(read_file(folder.file("x"), 5).size(), 5u);
  put(folder.file("empty"), "");
  EXPECT_TRUE(read_file(folder.file("empty"), 0).empty());
}

TEST(ReadFile, RefusesAFileLargerThanTheBound) {
  const TemporaryFolder folder;
  put(folder.file("x"), "123456");
  expect_error(ErrorCode::kInvalidFile, {folder.file("x"), "6", "5"},
               [&] { read_file(folder.file("x"), 5); });
}

TEST(ReadFile, RefusesWhatIsMissingAndWhatIsNoFile) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kNotFound, {"nowhere"},
               [&] { read_file(folder.file("nowhere"), kPlenty); });
  expect_error(ErrorCode::kNotFound, {folder.path()}, [&] { read_file(folder.path(), kPlenty); });
  // A pipe without a writer must not hang the program.
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  expect_error(ErrorCode::kNotFound, {"pipe"}, [&] { read_file(folder.file("pipe"), kPlenty); });
  expect_error(ErrorCode::kNotFound, {"pipe"}, [&] { MappedFile mapped(folder.file("pipe")); });
}

TEST(MappedFile, ShowsTheBytesAndSurvivesBeingMoved) {
  const TemporaryFolder folder;
  put(folder.file("x"), "mapped");
  MappedFile first(folder.file("x"));
  MappedFile second(std::move(first));
  MappedFile third;
  third = std::move(second);
  ASSERT_EQ(third.bytes().size(), 6u);
  EXPECT_EQ(static_cast<char>(third.bytes()[5]), 'd');
  put(folder.file("empty"), "");
  EXPECT_TRUE(MappedFile(folder.file("empty")).bytes().empty());
}

TEST(WriteFileAtomically, ReplacesTheFileAndLeavesNothingBeside) {
  const TemporaryFolder folder;
  write_file_atomically(folder.file("x"), std::string("one"));
  write_file_atomically(folder.file("x"), std::string("two"));
  EXPECT_EQ(read_text_file(folder.file("x"), kPlenty), "two");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(WriteFileAtomically, LeavesTheOldFileWhenTheWriterThrows) {
  const TemporaryFolder folder;
  write_file_atomically(folder.file("x"), std::string("old"));
  EXPECT_THROW(write_file_atomically(folder.file("x"),
                                     [](const FileSink& sink) {
                                       sink(std::vector<std::byte>(100));
                                       throw std::runtime_error("out of ideas");
                                     }),
               std::runtime_error);
  EXPECT_EQ(read_text_file(folder.file("x"), kPlenty), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(WriteFileAtomically, TakesOverWhatAKilledProgramLeft) {
  const TemporaryFolder folder;
  put(folder.file("x.tmp"), "a long half-written file");
  write_file_atomically(folder.file("x"), std::string("new"));
  EXPECT_EQ(read_text_file(folder.file("x"), kPlenty), "new");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(WriteFileAtomically, RefusesAMissingFolderAFolderAndADevice) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kNotFound, {"nowhere/x"},
               [&] { write_file_atomically(folder.file("nowhere/x"), std::string("1")); });
  expect_error(ErrorCode::kInvalidArgument, {folder.path()},
               [&] { write_file_atomically(folder.path(), std::string("1")); });
  expect_error(ErrorCode::kInvalidArgument, {"/dev/null"},
               [&] { write_file_atomically("/dev/null", std::string("1")); });
  EXPECT_EQ(folder.entries(), 0u);
}

TEST(WriteFileAtomically, LetsThreadsWriteOneNameInTurn) {
  const TemporaryFolder folder;
  std::vector<std::thread> writers;
  for (char letter : {'a', 'b', 'c', 'd'}) {
    writers.emplace_back([&folder, letter] {
      for (int i = 0; i < 20; ++i)
        write_file_atomically(folder.file("x"), std::string(5000, letter));
    });
  }
  for (auto& writer : writers) writer.join();
  const std::string text = read_text_file(folder.file("x"), kPlenty);
  EXPECT_EQ(text, std::string(5000, text.at(0)));
  EXPECT_EQ(folder.entries(), 1u);
}

// Returns the exit status of `action` run in a process of its own.
template <typename Action>
int status_in_child(Action&& action) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(action());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(WriteFileAtomically, SaysThatTheDiskIsFullAndKeepsTheOldFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder.file("x"), std::string("old"));
  const int status = status_in_child([&] {
    // A limit on the size of files fails a write just as a full disk does.
    const rlimit limit = {10000, 10000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
    try {
      write_file_atomically(folder.file("x"), std::string(20000, 'x'));
    } catch (const Error& error) {
      return error.code() == ErrorCode::kFailed ? 42 : 1;
    }
    return 2;
  });
  EXPECT_EQ(status, 42);
  EXPECT_EQ(read_text_file(folder.file("x"), kPlenty), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(WriteFileAtomically, ShowsOldOrNewButNothingElseWhenKilled) {
  const TemporaryFolder folder;
  const std::string old(300000, 'o');
  const std::string fresh(300000, 'f');
  for (int round = 0; round < 20; ++round) {
    write_file_atomically(folder.file("x"), old);
    const pid_t child = ::fork();
    if (child == 0) {
      while (true) write_file_atomically(folder.file("x"), fresh);
    }
    ::usleep(static_cast<useconds_t>(500 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string text = read_text_file(folder.file("x"), kPlenty);
    EXPECT_TRUE(text == old || text == fresh)
        << "round " << round << ": " << text.size() << " bytes";
  }
}

}  // namespace
}  // namespace gradus
