/**
 * `@noble/curves/ed25519.js` in the app's code, as @libp2p/crypto uses it: by the Ed25519 of the same author that the app has anyway
 * (protocol/signature.ts). It derives the public key of a session, and signs and verifies for browsers that cannot.
 */

import { getPublicKey, hashes, sign, utils, verify } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'

hashes.sha512 = sha512

export const ed25519 = { getPublicKey, sign, utils, verify }
