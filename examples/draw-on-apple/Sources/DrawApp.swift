// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import SwiftUI

@main
struct DrawApp: App {
  var body: some Scene {
    WindowGroup { DrawView() }
  }
}

/// Words in, a picture out: what is drawn can be watched and cancelled, and the screen never waits.
struct DrawView: View {
  @StateObject private var painter = Painter()
  @State private var prompt = "two red boats at sunset"
  @Environment(\.scenePhase) private var phase

  var body: some View {
    VStack(spacing: 12) {
      TextField("What to draw", text: $prompt)
        .textFieldStyle(.roundedBorder)
        .onSubmit { painter.draw(prompt) }
      if let progress = painter.progress {
        Button("Cancel", role: .cancel) { painter.cancel() }
        ProgressView(value: progress)
      } else {
        Button("Draw") { painter.draw(prompt) }
      }
      Text(painter.message).font(.footnote)
      if let picture = painter.picture {
        SwiftUI.Image(decorative: picture, scale: 1).resizable().scaledToFit()
      }
      Spacer()
    }
    .padding()
    .frame(minWidth: 300, minHeight: 400)
    .onChange(of: phase) { phase in
      if phase == .background { painter.rest() }
    }
    #if os(iOS)
    .onReceive(NotificationCenter.default.publisher(for: UIApplication.didReceiveMemoryWarningNotification)) { _ in
      painter.trim()
    }
    #endif
  }
}
