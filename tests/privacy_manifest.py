#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Whether a privacy manifest declares what Apple wants a reason for, no more and no less:

    nm -u LIBRARY | privacy_manifest.py PrivacyInfo.xcprivacy

Of a framework, the symbols that it takes from the system are what App Store Connect looks at.
"""
import plistlib
import re
import sys

# https://developer.apple.com/documentation/bundleresources/describing-use-of-required-reason-api, the functions of C
REQUIRED_REASON = {
    "FileTimestamp": ("stat", "fstat", "fstatat", "lstat", "getattrlist", "getattrlistbulk", "fgetattrlist", "getattrlistat"),
    "SystemBootTime": ("mach_absolute_time",),
    "DiskSpace": ("statfs", "statvfs", "fstatfs", "fstatvfs"),
}
REASONS = {
    "FileTimestamp": {"DDA9.1", "C617.1", "3B52.1", "0A2A.1"},
    "SystemBootTime": {"35F9.1", "8FFB.1", "3D61.1"},
    "DiskSpace": {"85F4.1", "E174.1", "7D9E.1", "B728.1"},
}
PREFIX = "NSPrivacyAccessedAPICategory"


def declared(path):
    """{category: its reasons}; a manifest that App Store Connect would refuse is a ValueError."""
    with open(path, "rb") as file:
        manifest = plistlib.load(file)
    if set(manifest) != {"NSPrivacyTracking", "NSPrivacyTrackingDomains", "NSPrivacyCollectedDataTypes", "NSPrivacyAccessedAPITypes"}:
        raise ValueError(f"{path} has the keys {sorted(manifest)}")
    found = {}
    for entry in manifest["NSPrivacyAccessedAPITypes"]:
        category, reasons = entry["NSPrivacyAccessedAPIType"].removeprefix(PREFIX), entry["NSPrivacyAccessedAPITypeReasons"]
        if not reasons or not set(reasons) <= REASONS.get(category, set()):
            raise ValueError(f"{path} gives {category} the reasons {reasons}")
        found[category] = reasons
    return found


def categories_of(symbols):
    """Of names as nm prints them for a Mach-O file: an underscore first, "$INODE64" and the like behind."""
    names = {re.sub(r"\$.*", "", symbol.removeprefix("_")) for symbol in symbols}
    return {category for category, functions in REQUIRED_REASON.items() if names & set(functions)}


def main():
    manifest = set(declared(sys.argv[1]))
    used = categories_of(line.split()[-1] for line in sys.stdin if line.strip())
    if manifest != used:
        sys.exit(f"{sys.argv[1]} declares {sorted(manifest)}, and the library uses {sorted(used)}")


if __name__ == "__main__":
    main()
