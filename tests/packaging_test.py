#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""What packs the library for phones, as far as any machine can tell: packaging_test.py SOURCE_DIR CMAKE.

Files are well-formed and agree with one another; tests/android and tests/apple do what they should with stand-ins for the
tools that only an Android SDK or a Mac has.
"""
import os
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import privacy_manifest  # noqa: E402

SOURCE, CMAKE = ".", "cmake"
SWIFT_PARTS = "src/bindings/swift/xcframework"


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def default_model():
    return re.search(r"^set\(MOBILEDIFFUSION_DEFAULT_MODEL ([^)]+)", read("CMakeLists.txt"), re.MULTILINE)[1]


def files(*endings, under="."):
    for folder, folders, names in os.walk(os.path.join(SOURCE, under)):
        folders[:] = sorted(f for f in folders if not f.startswith((".git", "build", "node_modules")) or f == ".github")
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), SOURCE)


def scripts():
    for path in files(""):
        with open(os.path.join(SOURCE, path), "rb") as file:
            if re.match(rb"#!.*\b(ba)?sh\n", file.readline(80)):
                yield path


class WellFormed(unittest.TestCase):
    def test_cmake_knows_the_presets_of_the_scripts(self):
        listed = subprocess.run([CMAKE, "--list-presets=build", SOURCE], cwd=SOURCE, check=True, capture_output=True, text=True).stdout
        presets = set(re.findall(r'"([^"]+)"', listed))
        self.assertLessEqual({"android-arm64", "android-x86_64"}, presets)
        called = re.findall(r"^make_framework \w+ \w+ [\d.]+ (.*)$", read("tests/apple"), re.MULTILINE)
        self.assertEqual(3, len(called))
        for preset in " ".join(called).split():
            self.assertIn(preset, presets)

    def test_xml(self):
        found = list(files(".xml"))
        self.assertIn("src/bindings/java/android/src/main/AndroidManifest.xml", found)
        for path in found:
            with self.subTest(path):
                xml.etree.ElementTree.parse(os.path.join(SOURCE, path))

    def test_yaml(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("there is no python3-yaml")
        for path in [*files(".yml", under=".github"), *files(".yml", under="examples")]:
            with self.subTest(path):
                self.assertIsInstance(yaml.safe_load(read(path)), dict)

    def test_shell(self):
        found = list(scripts())
        self.assertIn("tests/android", found)
        for path in found:
            with self.subTest(path):
                subprocess.run(["bash", "-n", path], cwd=SOURCE, check=True)

    def test_shellcheck(self):
        if not shutil.which("shellcheck"):
            self.skipTest("there is no shellcheck")
        for path in ("tests/android", "tests/apple"):
            with self.subTest(path):
                subprocess.run(["shellcheck", "--severity=warning", "--external-sources", "--source-path=.", path], cwd=SOURCE, check=True)


class Agreeing(unittest.TestCase):
    def one(self, pattern, path):
        found = set(re.findall(pattern, read(path)))
        self.assertEqual(1, len(found), f"{path} has {found} for {pattern}")
        return found.pop()

    def test_the_version_is_one(self):
        version = self.one(r"\nproject\(.* VERSION ([\d.]+)", "CMakeLists.txt")
        for pattern, path in (
                (r"<artifactId>mobilediffusion-parent</artifactId>\s*<version>([\d.]+)", "src/bindings/java/pom.xml"),
                (r'versionName = "([\d.]+)"', "examples/draw-on-android/build.gradle.kts"),
                (r"libs/mobilediffusion\S*-([\d.]+)\.aar", "examples/draw-on-android/build.gradle.kts"),
                (r'MARKETING_VERSION: "([\d.]+)"', "examples/draw-on-apple/project.yml"),
                (r"mobilediffusion(?:-scenes)?-([\d.]+)\.aar", "examples/android.md"),
                (r"mobilediffusion-([\d.]+)-apple\.zip", "examples/apple.md")):
            self.assertEqual(version, self.one(pattern, path), path)

    def test_gradle_takes_what_maven_takes(self):
        for name, property in (("kotlin", r'org\.jetbrains\.kotlin\.android"\) version "([\d.]+)"'),
                               ("coroutines", r"kotlinx-coroutines-\w+:([\d.]+)")):
            version = self.one(rf"<{name}\.version>([\d.]+)<", "src/bindings/java/pom.xml")
            found = re.findall(property, "".join(read(path) for path in files(".gradle.kts")))
            self.assertEqual([version] * 2, found, name)

    def test_android_is_everywhere_the_same_one(self):
        self.assertEqual("24", self.one(r'"ANDROID_PLATFORM": "android-(\d+)"', "CMakePresets.json"))
        self.assertIn("android-api-level-24", read("src/bindings/java/core/pom.xml"))
        for path in files(".gradle.kts", under="src"):
            self.assertNotIn("minSdk = ", read(path).replace("minSdk = 24", ""))
        self.assertIn("LINKER:-z,max-page-size=16384", read("CMakeLists.txt"))

    def test_apples_systems_are_everywhere_the_same(self):
        for path in ("src/bindings/swift/Package.swift", SWIFT_PARTS + "/Package.swift"):
            self.assertIn("platforms: [.iOS(.v15), .macOS(.v12)]", read(path))
        self.assertEqual({"15.0", "12.0"}, set(re.findall(r'"CMAKE_OSX_DEPLOYMENT_TARGET": "([\d.]+)"', read("CMakePresets.json"))))
        self.assertEqual({"15.0", "12.0"}, set(re.findall(r"^make_framework \w+ \w+ ([\d.]+)", read("tests/apple"), re.MULTILINE)))


class ThePrivacyManifest(unittest.TestCase):
    def test_it_declares_what_the_sources_call(self):
        called = set()
        for path in [*files(".cc", ".h", ".c", ".swift", under="src"), *files(".cc", ".h", under="kernels")]:
            if not path.startswith(("src/cli/", "src/bindings/java/")) and not path.endswith("_windows.cc") and "/Tests/" not in path:
                called |= set(re.findall(r"\b([a-z_]+)\(", re.sub(r"//.*", "", read(path))))
                # on Apple's systems these are stat() and utimes() by other names
                called |= {"stat"} if "last_write_time(" in read(path) else set()
        declared = privacy_manifest.declared(os.path.join(SOURCE, SWIFT_PARTS, "PrivacyInfo.xcprivacy"))
        self.assertEqual(privacy_manifest.categories_of(called), set(declared))

    def test_the_check_itself(self):
        self.assertEqual({"FileTimestamp"}, privacy_manifest.categories_of(["_fstat$INODE64", "_open"]))
        self.assertEqual({"SystemBootTime"}, privacy_manifest.categories_of(["_mach_absolute_time"]))
        self.assertEqual(set(), privacy_manifest.categories_of(["_state", "_open"]))
        with tempfile.NamedTemporaryFile(suffix=".xcprivacy") as file:
            plistlib.dump({"NSPrivacyTracking": False}, file)
            file.flush()
            with self.assertRaisesRegex(ValueError, "NSPrivacyTracking"):
                privacy_manifest.declared(file.name)


class Rehearsal(unittest.TestCase):
    """A script run in a copy of what it reads, with stand-ins before all else on PATH."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = folder.name
        self.environment = {**os.environ, "PATH": f"{self.top}/bin:{os.environ['PATH']}", "TMPDIR": self.top}
        for path in ("CMakeLists.txt", "LICENSE", ".setup/setup.sh", "include", "tests/ports.sh", "tests/privacy_manifest.py",
                     "tests/android", "tests/apple", "src/bindings/swift"):
            source, target = os.path.join(SOURCE, path), os.path.join(self.top, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, target)
        os.makedirs(os.path.join(self.top, "models", default_model()))

    def write(self, path, text):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def stand_in(self, name, body, interpreter="/bin/sh -e"):
        self.write(name if "/" in name else f"bin/{name}", f"#!{interpreter}\n{body}\n")

    def run_script(self, *command):
        return subprocess.run(command, cwd=self.top, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)


class Apple(Rehearsal):
    IMPORTS = r"_fstat$INODE64\n_open\n"

    def stand_in_for_xcode(self, imports=IMPORTS):
        self.environment["MOBILEDIFFUSION_SOURCES_DIR"] = f"{self.top}/sources"
        os.makedirs(f"{self.top}/sources/xnnpack")
        self.stand_in("cmake", 'if [ "$1" = --build ]; then mkdir -p "$2/src" && echo "$2" >"$2/src/libmobilediffusion.dylib"; fi')
        self.stand_in("xcrun", rf"""
tool=$1 && shift
for last; do :; done
case $tool in
  lipo) shift && while [ "$1" != -output ]; do cat "$1" >>"$last" && shift; done ;;
  install_name_tool) echo "$2" >>"$last" ;;
  nm) printf '%s (for architecture arm64):\n{imports}' "$last" ;;
  simctl) printf -- '-- iOS 17.5 --\n    iPhone 15 (12345678-9ABC-DEF0-1234-56789ABCDEF0) (Shutdown) \n    iPhone 15 Pro (00000000-9ABC-DEF0-1234-56789ABCDEF0) (Shutdown) \n' ;;
esac""")
        self.stand_in("xcodebuild", """
if [ "$1" != -create-xcframework ]; then echo "$@" "$TEST_RUNNER_MOBILEDIFFUSION_MODEL" >"$TMPDIR/tested" && exit; fi
for last; do :; done
shift
while [ "$1" = -framework ]; do
  platform=$(basename "$(dirname "$2")")
  mkdir -p "$last/$platform" && cp -RP "$2" "$last/$platform/" && shift 2
done
[ "$1" = -output ]""")
        self.stand_in("ditto", 'for last; do :; done; printf zip >"$last"')
        self.stand_in("swift", '[ -d "$MOBILEDIFFUSION_MODEL" ]')
        for name in ("plutil", "codesign", "ninja"):
            self.stand_in(name, "")

    def test_without_a_mac_it_says_so(self):
        for name in ("cmake", "ninja", "xcrun"):
            self.stand_in(name, "")
        self.assertEqual(77, self.run_script("tests/apple", "--if-possible").returncode)
        answer = self.run_script("tests/apple")
        self.assertEqual(1, answer.returncode)
        self.assertIn("found no xcodebuild", answer.stderr)

    def test_without_sources_it_says_so(self):
        self.stand_in_for_xcode()
        self.environment["MOBILEDIFFUSION_SOURCES_DIR"] = "/nowhere"
        answer = self.run_script("tests/apple")
        self.assertEqual(1, answer.returncode)
        self.assertRegex(answer.stderr, 'MOBILEDIFFUSION_SOURCES_DIR: expected .*, found "/nowhere"')

    def test_the_package_has_all_that_xcode_looks_for(self):
        self.stand_in_for_xcode()
        answer = self.run_script("tests/apple")
        self.assertEqual(0, answer.returncode, answer.stderr)
        self.assertIn("-apple.zip: 3 bytes", answer.stdout)
        package = f"{self.top}/build/apple/MobileDiffusion"
        for path in ("Package.swift", "LICENSE", "Sources/MobileDiffusion/Pipeline.swift", "Tests/MobileDiffusionTests/ScenarioTests.swift"):
            self.assertTrue(os.path.isfile(f"{package}/{path}"), path)
        self.assertNotIn("CMobileDiffusion", os.listdir(f"{package}/Sources"))
        for platform, oldest, resources, identity, processors in (
                ("iPhoneOS", "MinimumOSVersion", "", "", ["ios-arm64"]),
                ("iPhoneSimulator", "MinimumOSVersion", "", "", ["ios-simulator-arm64", "ios-simulator-x86_64"]),
                ("MacOSX", "LSMinimumSystemVersion", "Versions/A/Resources", "/Versions/A", ["macos-arm64", "macos-x86_64"])):
            framework = f"{package}/CMobileDiffusion.xcframework/{platform}/CMobileDiffusion.framework"
            with open(os.path.join(framework, resources, "Info.plist"), "rb") as file:
                information = plistlib.load(file)
            self.assertEqual([platform], information["CFBundleSupportedPlatforms"])
            self.assertIn(oldest, information)
            self.assertEqual("CMobileDiffusion", information["CFBundleExecutable"])
            privacy_manifest.declared(os.path.join(framework, resources, "PrivacyInfo.xcprivacy"))
            with open(f"{framework}/CMobileDiffusion", encoding="utf-8") as file:
                self.assertEqual([f"build/{p}" for p in processors] + [f"@rpath/CMobileDiffusion.framework{identity}/CMobileDiffusion"],
                                 file.read().split())
            # Every header that the module map names, and that those include.
            with open(f"{framework}/Modules/module.modulemap", encoding="utf-8") as file:
                headers = re.findall(r'header "(.*)"', file.read())
            for header in headers:
                with open(f"{framework}/Headers/{header}", encoding="utf-8") as file:
                    for included in re.findall(r'#include "(.*)"', file.read()):
                        self.assertTrue(os.path.isfile(os.path.join(framework, "Headers", os.path.dirname(header), included)), included)
        with open(f"{self.top}/tested", encoding="utf-8") as file:
            self.assertIn("id=12345678-9ABC-DEF0-1234-56789ABCDEF0", file.read())

    def test_a_call_that_the_manifest_does_not_declare_fails(self):
        self.stand_in_for_xcode(self.IMPORTS + r"_mach_absolute_time\n")
        answer = self.run_script("tests/apple")
        self.assertNotEqual(0, answer.returncode)
        self.assertIn("the library uses ['FileTimestamp', 'SystemBootTime']", answer.stderr)


class Android(Rehearsal):
    GOOD = {"shown": "JNI_OnLoad", "needed": "libc.so", "align": "0x4000", "aar": 3_000_000, "method": zipfile.ZIP_STORED}

    def run_with(self, *words, **changed):
        """tests/android with stand-ins whose library and packages are as GOOD says, but for what is changed."""
        facts = {**self.GOOD, **changed}
        with open(os.path.join(self.top, "tests/ports.sh"), "a", encoding="utf-8") as file:
            file.write('setup() { :; }\ninstall_with_cargo() { :; }\nbuild_host() { host=program; }\n')
        self.write("kernels/cmake/provide-sources.sh", "#!/bin/sh\necho sources\n")
        self.write("ndk/build/cmake/android.toolchain.cmake", "")
        os.makedirs(f"{self.top}/sdk/platforms")
        self.environment |= {"ANDROID_NDK_HOME": f"{self.top}/ndk", "ANDROID_HOME": f"{self.top}/sdk", "GRADLE": "gradle"}
        tools = "ndk/toolchains/llvm/prebuilt/linux-x86_64/bin/"
        self.stand_in("cmake", """
if [ "$1" = --build ]; then mkdir -p "$2/src/bindings/java/jni" && echo >"$2/src/bindings/java/jni/libmobilediffusion_jni.so"; fi""")
        self.stand_in(tools + "llvm-strip", '[ "$2" = -o ] && cp "$4" "$3"')
        self.stand_in(tools + "llvm-nm", f"echo '0000 T {facts['shown']}'")
        self.stand_in(tools + "llvm-readelf", f"""
case $1 in
  --dynamic) echo '  0x01 (NEEDED)  Shared library: [{facts['needed']}]' ;;
  *) echo '  LOAD  0x000000 0x00 0x00 0x10 0x10 R E {facts['align']}' ;;
esac""")
        self.stand_in("program", '[ "$1" = pack ] && basename "$2" >"$3"')
        self.stand_in("gradle", f"""
import os, sys, zipfile
folder = sys.argv[sys.argv.index("--project-dir") + 1]
def pack(path, name, bytes, method):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as packed: packed.writestr(name, "x" * bytes)
if "assembleDebug" in sys.argv:
    assert len(os.listdir(folder + "/libs")) == 2
    pack(folder + "/build/outputs/apk/debug/draw-debug.apk", "assets/scenes.mdiff", 9000, {facts['method']})
else:
    assert open("build/android/assets/scenes.mdiff").read() == "{default_model()}\\n"
    assert sorted(os.listdir("build/android/jniLibs")) == ["arm64-v8a", "x86_64"]
    pack("build/android/gradle/android/outputs/aar/android-release.aar", "classes.jar", {facts['aar']}, zipfile.ZIP_STORED)
    pack("build/android/gradle/scenes/outputs/aar/scenes-release.aar", "assets/scenes.mdiff", 9000, zipfile.ZIP_STORED)""", sys.executable)
        return self.run_script("tests/android", *words)

    def test_without_an_sdk_it_names_what_is_missing(self):
        self.environment |= {"ANDROID_NDK_HOME": "", "ANDROID_HOME": "/nowhere", "GRADLE": "no-gradle"}
        self.assertEqual(77, self.run_script("tests/android", "--if-possible").returncode)
        answer = self.run_script("tests/android")
        self.assertEqual(1, answer.returncode)
        for line in ('ANDROID_NDK_HOME: expected .*, found ""', 'ANDROID_HOME: expected .*, found "/nowhere"', 'found no program "no-gradle"'):
            self.assertRegex(answer.stderr, line)

    def test_it_packs_both_processors_and_says_how_large_that_is(self):
        answer = self.run_with()
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        self.assertRegex(answer.stdout, r"mobilediffusion-[\d.]+\.aar: 30\d+ bytes, both processors")

    def test_every_fault_of_what_was_built_is_named(self):
        answer = self.run_with(shown="xnn_initialize", needed="libc++_shared.so", align="0x1000", aar=8_000_001, method=zipfile.ZIP_DEFLATED)
        self.assertEqual(1, answer.returncode)
        for line in ("shows more than JNI_OnLoad: xnn_initialize", r"wants more than every Android has: libc\+\+_shared\.so",
                     r"aligned to 0x1000, less than a page of 16 KB", r"mobilediffusion-[\d.]+\.aar is larger than 8000000 bytes",
                     "has the model compressed"):
            self.assertRegex(answer.stdout, "FAILED  .*" + line)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SOURCE = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        CMAKE = sys.argv.pop(1)
    unittest.main()
