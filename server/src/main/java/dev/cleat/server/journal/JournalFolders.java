package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Folders of journals, as the file system has them. */
final class JournalFolders {
  private JournalFolders() {}

  /**
   * What a killed server wrote and did not sync: from here on, what is in the files is on the disk.
   */
  static void sync(Path folder, List<String> journals, Disk disk) throws IOException {
    if (disk.forceFileSystem(folder)) {
      return;
    }
    for (String id : journals) {
      Path journal = folder.resolve("journals").resolve(id);
      for (String file : names(journal)) {
        disk.force(journal.resolve(file));
      }
      disk.force(journal);
    }
  }

  /** The names of all that is in a folder, in no order. */
  static List<String> names(Path parent) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(parent)) {
      children.forEach(child -> names.add(String.valueOf(child.getFileName())));
    }
    return names;
  }

  /** The bytes of all files of a journal; 0 where there is no such folder. */
  static long size(Path journal) throws IOException {
    long total = 0;
    if (Files.isDirectory(journal)) {
      for (String name : names(journal)) {
        total += Files.size(journal.resolve(name));
      }
    }
    return total;
  }

  /** Removes a folder with its files, if it is there. */
  static void remove(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    for (String name : names(path)) {
      Files.deleteIfExists(path.resolve(name));
    }
    Files.deleteIfExists(path);
  }
}
