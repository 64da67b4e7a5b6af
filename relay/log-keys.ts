import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { KeyText } from '../protocol/ids.ts'
import { type Signer, signerFromSeed } from '../protocol/signature.ts'
import type { DataFolder } from './data-folder.ts'

/** The keys of a log: the one that it has, and perhaps the one that it gets by rotation. */
export interface LogKeys {
  /** The one that a genesis on this relay names. */
  readonly first: KeyText
  readonly all: readonly KeyText[]
  /** `undefined` for a key that is not here. */
  signerOf(key: KeyText): Signer | undefined
}

/** @param more those that the log may get, or has got, by rotation; 32 bytes each */
export function logKeys(first: Uint8Array, ...more: readonly Uint8Array[]): LogKeys {
  const signers = [first, ...more].map(nativeSigner)
  return {
    first: (signers[0] as Signer).publicKey,
    all: signers.map(({ publicKey }) => publicKey),
    signerOf: (key) => signers.find(({ publicKey }) => publicKey === key),
  }
}

/** The keys of a data folder; the first one is made when it is not there. @throws StartError when one cannot be used */
export async function loadLogKeys(folder: DataFolder): Promise<LogKeys> {
  const seeds: Uint8Array[] = []
  for (let i = 1; i === 1 || folder.has(nameOf(i)); i++) seeds.push(await folder.seed(nameOf(i)))
  return logKeys(seeds[0] as Uint8Array, ...seeds.slice(1))
}

/** Makes a further key, to which the council may rotate the log. @returns its public half @throws StartError */
export async function addLogKey(folder: DataFolder): Promise<KeyText> {
  let next = 2
  while (folder.has(nameOf(next))) next += 1
  return nativeSigner(await folder.seed(nameOf(next))).publicKey
}

function nameOf(number: number): string {
  return number === 1 ? 'log.key' : `log-${number}.key`
}

/** PKCS #8 (RFC 8410 §7) before a raw Ed25519 seed. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs with the machine's own Ed25519, which makes the same bytes ten times as fast: a log signs a promise for every entry. */
export function nativeSigner(seed: Uint8Array): Signer {
  const { publicKey } = signerFromSeed(seed)
  const key: KeyObject = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  return { publicKey, sign: async (message) => new Uint8Array(sign(null, message, key)) }
}
