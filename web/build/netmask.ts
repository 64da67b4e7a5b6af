/**
 * `netmask` in the app's code, where @libp2p/utils asks it one thing: whether an IPv4 address lies in one of two dozen ranges that nobody owns. The
 * real one brings IPv6, octal and hexadecimal spellings and a parser of masks.
 */
export class Netmask {
  readonly #first: number
  readonly #size: number

  /** @param range for instance `10.0.0.0/8` */
  constructor(range: string) {
    const [base = '', bits] = range.split('/')
    this.#first = numberOf(base)
    this.#size = 2 ** (32 - Number(bits))
  }

  contains(address: string): boolean {
    const offset = numberOf(address) - this.#first
    return offset >= 0 && offset < this.#size
  }
}

/** Four decimal numbers as one of 32 bits; NaN, which lies nowhere, when they are not that. */
function numberOf(address: string): number {
  const numbers = address.split('.').map(Number)
  return numbers.length === 4 && numbers.every((each) => each >= 0 && each <= 255)
    ? numbers.reduce((all, each) => all * 256 + each, 0)
    : Number.NaN
}
