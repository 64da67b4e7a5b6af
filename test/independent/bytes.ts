/**
 * In the second replay every id and key is its lower-case hex text, so that equality, order and map keys are those of plain strings:
 * the order of such texts of one length is the bytewise order.
 */

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

/** Eight bytes, big-endian. */
export function u64(n: number): Uint8Array {
  const out = Buffer.alloc(8)
  out.writeBigUInt64BE(BigInt(n))
  return Uint8Array.from(out)
}
