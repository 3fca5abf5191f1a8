// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Draws a picture: java -cp mobilediffusion-0.1.0.jar Draw.java "two red boats at sunset" boats.png [model.mdiff]
import io.mobilediffusion.GenerateOptions;
import io.mobilediffusion.Image;
import io.mobilediffusion.MobileDiffusionException;
import io.mobilediffusion.Pipeline;
import java.io.File;

public class Draw {
  public static void main(String[] arguments) {
    if (arguments.length < 2 || arguments.length > 3) {
      System.err.println("usage: java -cp mobilediffusion-0.1.0.jar Draw.java PROMPT PICTURE [MODEL]");
      System.exit(2);
    }
    File model = arguments.length > 2 ? new File(arguments[2]) : null; // null: what MOBILEDIFFUSION_MODEL names
    try (Pipeline pipeline = Pipeline.load(model);
        Image image = pipeline.generate(arguments[0], GenerateOptions.builder().seed(5).build(), (stage, done, total) -> {
          System.err.printf("\r%-8s %3d%%", stage, 100 * done / total);
          return true; // false cancels
        })) {
      image.save(new File(arguments[1]));
      System.err.printf("\r%s: %dx%d in %.2f seconds%n", arguments[1], image.width(), image.height(), image.totalSeconds());
    } catch (MobileDiffusionException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
