/** Strings of bytes, one after the other: few large arrays cost nothing to hand over to a worker. */
export interface Strings {
  readonly bytes: Uint8Array
  /** Where each ends. */
  readonly ends: Uint32Array
}

export function joined(strings: readonly Uint8Array[]): Strings {
  const ends = new Uint32Array(strings.length)
  let end = 0
  for (const [i, { length }] of strings.entries()) {
    end += length
    ends[i] = end
  }
  const bytes = new Uint8Array(end)
  for (const [i, string] of strings.entries()) bytes.set(string, (ends[i] as number) - string.length)
  return { bytes, ends }
}

export function* parted({ bytes, ends }: Strings): Generator<Uint8Array> {
  let start = 0
  for (const end of ends) {
    yield bytes.subarray(start, end)
    start = end
  }
}

/** The memory of arrays that may be handed over with them. */
export function buffersOf(...arrays: readonly ArrayBufferView[]): ArrayBuffer[] {
  return arrays.map(({ buffer }) => buffer as ArrayBuffer)
}
