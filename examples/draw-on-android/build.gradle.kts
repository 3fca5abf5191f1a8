// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    id("com.android.application") version "8.7.2"
    id("org.jetbrains.kotlin.android") version "2.1.20"
}

android {
    namespace = "io.mobilediffusion.draw"
    compileSdk = 35

    defaultConfig {
        applicationId = "io.mobilediffusion.draw"
        minSdk = 24
        targetSdk = 35
        versionCode = 1
        versionName = "0.1.0"
        testInstrumentationRunner = "io.mobilediffusion.draw.DrawInstrumentation"
    }

    androidResources {
        noCompress += "mdiff" // the model is mapped where it lies in the package
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

kotlin {
    compilerOptions {
        jvmTarget.set(JvmTarget.JVM_1_8)
    }
}

dependencies {
    implementation(files("libs/mobilediffusion-0.1.0.aar", "libs/mobilediffusion-scenes-0.1.0.aar"))
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.1")
}
