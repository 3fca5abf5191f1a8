// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The Java, Kotlin and Android faces and the native library of each processor, as one AAR.
import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "io.mobilediffusion"
    compileSdk = 35

    defaultConfig {
        minSdk = 24
        consumerProguardFiles("../core/src/main/resources/META-INF/proguard/mobilediffusion.pro")
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    sourceSets.getByName("main") {
        java.srcDir("../core/src/main/java")
        kotlin.srcDir("../kotlin/src/main/kotlin")
        jniLibs.srcDir("../../../../build/android/jniLibs")
    }

    packaging {
        jniLibs {
            keepDebugSymbols += "**/*.so" // they are stripped already; Gradle would look for an NDK to do it again
        }
    }
}

kotlin {
    compilerOptions {
        jvmTarget.set(JvmTarget.JVM_1_8)
    }
}

// Of java.awt, which Android has not.
tasks.withType<JavaCompile>().configureEach {
    exclude("**/BufferedImages.java")
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.1")
}
