// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The packages for Android, from the sources that Maven builds for other JVMs. tests/android builds what is in them that is
// written in C and C++, and the model, before it calls Gradle.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "mobilediffusion"
include(":android", ":scenes")
