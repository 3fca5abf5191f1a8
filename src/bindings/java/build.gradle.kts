// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
plugins {
    id("com.android.library") version "8.7.2" apply false
    id("org.jetbrains.kotlin.android") version "2.1.20" apply false
}

subprojects {
    layout.buildDirectory.set(rootProject.file("../../../build/android/gradle/$name"))
}
