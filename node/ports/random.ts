/** Where secrets and nonces come from. */
export interface Random {
  /** So many bytes that nobody can guess. */
  bytes(length: number): Uint8Array
}

/** The platform's cryptographic source, in browsers and in Node alike. */
export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}
