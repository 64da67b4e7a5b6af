/** What a screen reader is told of changes that nobody on this side asked for. */
export class Announcer {
  #text = $state.raw('')

  get text(): string {
    return this.#text
  }

  say(text: string): void {
    this.#text = text
  }
}
