package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Types of media files: by which extensions their names are noticed, and how the first bytes show
 * what they are. HTML is none: it is a text, and every build prints the names of some.
 */
public final class MediaType {
  /** How many of a file's first bytes say what it is. */
  public static final int HEAD_BYTES = 4096;

  /** The longest extension. */
  static final int LONGEST_EXTENSION = 5;

  /** Packed, sorted. */
  private static final long[] EXTENSIONS =
      Arrays.stream(
              ("png apng jpg jpeg jpe gif webp bmp tif tiff ico avif heic heif jxl svg"
                      + " mp3 wav ogg oga opus flac m4a aac aif aiff mid midi"
                      + " mp4 m4v mov webm mkv avi ogv mpg mpeg pdf")
                  .split(" "))
          .mapToLong(MediaType::packed)
          .sorted()
          .toArray();

  private MediaType() {}

  /** A short word of ASCII, in one number. */
  private static long packed(String word) {
    long packed = 0;
    for (int i = 0; i < word.length(); i++) {
      packed = packed << 8 | word.charAt(i);
    }
    return packed;
  }

  /**
   * Whether files with this extension are noticed.
   *
   * @param packed its bytes in lower case, the last one lowest
   */
  static boolean isExtension(long packed) {
    return Arrays.binarySearch(EXTENSIONS, packed) >= 0;
  }

  /** Whether a file of this name is noticed. */
  public static boolean isNamedLikeMedia(String path) {
    final int dot = path.lastIndexOf('.');
    final int length = path.length() - dot - 1;
    return dot >= 0
        && length <= LONGEST_EXTENSION
        && path.chars().skip(dot + 1L).allMatch(c -> c < 0x80)
        && isExtension(packed(path.substring(dot + 1).toLowerCase(Locale.ROOT)));
  }

  /**
   * The MIME type that a file's first bytes show; empty if they show no media file.
   *
   * @param head the first {@link #HEAD_BYTES}, or all there are
   */
  public static Optional<String> of(byte[] head) {
    // One character for each byte: what is looked for is mostly ASCII.
    final String text = new String(head, ISO_8859_1);
    return Optional.ofNullable(
        switch (text.isEmpty() ? 0 : text.charAt(0)) {
          case 0x89 -> text.startsWith("\u0089PNG\r\n\u001a\n") ? "image/png" : null;
          case 0xFF -> sync(text);
          case 'G' -> text.startsWith("GIF87a") || text.startsWith("GIF89a") ? "image/gif" : null;
          case 'R' -> text.startsWith("RIFF") ? riff(at(text, 8)) : null;
          case 'B' -> isBitmap(text) ? "image/bmp" : null;
          case 'I' ->
              text.startsWith("II*\0")
                  ? "image/tiff"
                  : text.startsWith("ID3") ? "audio/mpeg" : null;
          case 'M' ->
              text.startsWith("MM\0*")
                  ? "image/tiff"
                  : text.startsWith("MThd") ? "audio/midi" : null;
          case 'O' ->
              text.startsWith("OggS")
                  ? text.contains("\u0080theora") ? "video/ogg" : "audio/ogg"
                  : null;
          case 'f' -> text.startsWith("fLaC") ? "audio/flac" : null;
          case 'F' ->
              text.startsWith("FORM") && at(text, 8).startsWith("AIF") ? "audio/aiff" : null;
          case 0x1A ->
              text.startsWith("\u001aE\u00df\u00a3")
                  ? text.contains("webm") ? "video/webm" : "video/x-matroska"
                  : null;
          case '%' -> text.startsWith("%PDF-") ? "application/pdf" : null;
          case 0 -> zero(text);
          default -> isDrawing(text) ? "image/svg+xml" : null;
        });
  }

  private static String at(String text, int index) {
    return text.substring(Math.min(index, text.length()));
  }

  private static @Nullable String sync(String text) {
    final int second = text.length() > 1 ? text.charAt(1) : 0;
    return switch (second) {
      case 0xD8 -> text.startsWith("\u00ff", 2) ? "image/jpeg" : null;
      case 0xFA, 0xFB, 0xF2, 0xF3, 0xE2, 0xE3 -> "audio/mpeg";
      case 0xF1, 0xF9 -> "audio/aac";
      case 0x0A -> "image/jxl";
      default -> null;
    };
  }

  private static @Nullable String riff(String form) {
    if (form.startsWith("WEBP")) {
      return "image/webp";
    }
    if (form.startsWith("WAVE")) {
      return "audio/wav";
    }
    return form.startsWith("AVI ") ? "video/x-msvideo" : null;
  }

  /** Two letters say little, so the length of its header must be one that there is. */
  private static boolean isBitmap(String text) {
    if (!text.startsWith("BM") || text.length() < 18 || !text.startsWith("\0\0\0", 15)) {
      return false;
    }
    return switch (text.charAt(14)) {
      case 12, 40, 52, 56, 64, 108, 124 -> true;
      default -> false;
    };
  }

  private static @Nullable String zero(String text) {
    if (text.startsWith("\0\0\1\0") && !text.startsWith("\0\0", 4)) {
      return "image/vnd.microsoft.icon";
    }
    if (text.startsWith("\0\0\1\u00ba") || text.startsWith("\0\0\1\u00b3")) {
      return "video/mpeg";
    }
    if (text.startsWith("\0\0\0\u000cJXL ")) {
      return "image/jxl";
    }
    return switch (text.length() < 12 ? "" : text.substring(4, 8)) {
      case "ftyp" -> brand(text.substring(8, 12));
      case "moov", "mdat", "wide" -> "video/quicktime";
      default -> null;
    };
  }

  private static String brand(String brand) {
    return switch (brand) {
      case "avif", "avis" -> "image/avif";
      case "heic", "heix", "heim", "heis", "mif1", "msf1" -> "image/heic";
      case "M4A ", "M4B " -> "audio/mp4";
      case "qt  " -> "video/quicktime";
      default -> "video/mp4";
    };
  }

  /** An SVG's element is the first that is no comment, and may follow a declaration. */
  private static boolean isDrawing(String text) {
    String rest = text.startsWith("\u00ef\u00bb\u00bf") ? text.substring(3) : text;
    while (true) {
      rest = rest.stripLeading();
      if (rest.startsWith("<svg")) {
        return rest.length() > 4 && " \t\r\n>/".indexOf(rest.charAt(4)) >= 0;
      }
      final int end =
          rest.startsWith("<!--")
              ? rest.indexOf("-->")
              : rest.startsWith("<?") || rest.startsWith("<!DOCTYPE svg") ? rest.indexOf('>') : -1;
      if (end < 0) {
        return false;
      }
      rest = rest.substring(rest.indexOf('>', end) + 1);
    }
  }
}
