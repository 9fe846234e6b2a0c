/** Smaller pieces are put together: whoever prints byte by byte would else cost a hundred times what is printed. */
const small = 4096;
const mostSmall = 512;

/** Bytes in the order in which they come. */
export class Bytes {
  #pieces: Buffer[] = [];
  #smallPieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#length += piece.length;
    if (piece.length < small) {
      this.#smallPieces.push(piece);
      if (this.#smallPieces.length === mostSmall) this.#settle();
    } else {
      this.#settle();
      this.#pieces.push(piece);
    }
  }

  /** All of them; nothing is left. */
  take(): Buffer {
    this.#settle();
    const [first, ...others] = this.#pieces;
    const all = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#pieces, this.#length);
    this.#pieces = [];
    this.#length = 0;
    return all;
  }

  #settle(): void {
    if (this.#smallPieces.length === 0) return;
    this.#pieces.push(Buffer.concat(this.#smallPieces));
    this.#smallPieces = [];
  }
}
