/**
 * The little of FlatBuffers that it takes to change constants in a file: numbers are overwritten where they are, and
 * longer vectors are put at the end, to which references may always point.
 *
 * Reference: https://flatbuffers.dev/internals/
 */
export class FlatBuffer {
  private view: DataView;
  private bytes: Uint8Array<ArrayBuffer>;
  private end: number;

  /** @param room bytes that may be added */
  constructor(file: Uint8Array, room: number) {
    this.bytes = new Uint8Array(file.length + room);
    this.bytes.set(file);
    this.view = new DataView(this.bytes.buffer);
    this.end = file.length;
  }

  get root(): number {
    return this.follow(0);
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.end);
  }

  int(at: number): number {
    return this.view.getInt32(at, true);
  }

  setInt(at: number, value: number): void {
    this.view.setInt32(at, value, true);
  }

  byte(at: number): number {
    return this.view.getInt8(at);
  }

  /** Place of a table's field, or 0 where the table has none. */
  field(table: number, index: number): number {
    const layout = table - this.int(table);
    const at = 4 + 2 * index;
    const offset = at < this.view.getUint16(layout, true) ? this.view.getUint16(layout + at, true) : 0;
    return offset && table + offset;
  }

  /** An integer field, which is 0 where it is left out. */
  number(table: number, index: number): number {
    const at = this.field(table, index);
    return at && this.int(at);
  }

  /** Place of a vector's first element, and their number. */
  vector(table: number, index: number): { readonly at: number; readonly length: number } {
    const field = this.field(table, index);
    if (!field) return { at: 0, length: 0 };
    const start = this.follow(field);
    return { at: start + 4, length: this.int(start) };
  }

  tables(table: number, index: number): number[] {
    const { at, length } = this.vector(table, index);
    return Array.from({ length }, (_, i) => this.follow(at + 4 * i));
  }

  ints(table: number, index: number): Int32Array {
    const { at, length } = this.vector(table, index);
    return Int32Array.from({ length }, (_, i) => this.int(at + 4 * i));
  }

  text(table: number, index: number): string {
    const { at, length } = this.vector(table, index);
    return new TextDecoder().decode(this.bytes.subarray(at, at + length));
  }

  /** Puts a vector at the end, its contents at a multiple of 16, and lets a field refer to it. */
  refer(field: number, contents: Uint8Array, length: number): void {
    const start = Math.ceil((this.end + 4) / 16) * 16 - 4;
    this.setInt(start, length);
    this.bytes.set(contents, start + 4);
    this.end = start + 4 + contents.length;
    this.setInt(field, start - field);
  }

  private follow(at: number): number {
    return at + this.view.getUint32(at, true);
  }
}
