/** A value that is already JSON text. The printer writes it as it is: a million samples need no parsing. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
