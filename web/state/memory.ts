/** What this browser remembers of a person's choices; a part of `Storage`. */
export interface Memory {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}
