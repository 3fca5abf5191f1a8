// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The default model as an asset, scenes.mdiff, in an AAR of its own: an app with another model does without.
plugins {
    id("com.android.library")
}

android {
    namespace = "io.mobilediffusion.scenes"
    compileSdk = 35

    defaultConfig {
        minSdk = 24
    }

    sourceSets.getByName("main") {
        assets.srcDir("../../../../build/android/assets")
    }
}
