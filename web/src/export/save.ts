/** Offers contents as a download. */
export function save(contents: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(contents);
  link.download = name;
  link.click();
  // The download has read the address by then; without this its contents would stay in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** "my song.mp3" -> "my song" */
export function stem(name: string): string {
  return name.replace(/\.[^.]+$/, "").replace(/[\\/:*?"<>|]+/g, "-") || "curve";
}
