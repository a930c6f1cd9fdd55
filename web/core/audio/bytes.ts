/** Reading a file in pieces. */

/** Bytes from `offset` on; fewer where the file ends before. */
export async function bytesAt(file: Blob, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
}

/** The file's bytes from `offset` to `end`, a piece at a time. */
export async function* pieces(file: Blob, size: number, offset = 0, end = file.size): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  // The next piece is on its way while this one is decoded.
  let next = bytesAt(file, offset, Math.min(size, end - offset));
  for (let at = offset; at < end; at += size) {
    const piece = await next;
    const after = at + size;
    if (after < end) next = bytesAt(file, after, Math.min(size, end - after));
    yield piece;
  }
}

export function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
