import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import { type KeyText, keyBytes, keyText } from '../../protocol/ids.ts'
import type { PeerIdString } from './network.ts'

/** The libp2p PeerId of an Ed25519 session key. */
export function peerIdOf(key: KeyText): PeerIdString {
  return peerIdFromPublicKey(publicKeyFromRaw(keyBytes(key))).toString() as PeerIdString
}

/** The Ed25519 session key inside a PeerId; `undefined` when it is of another kind. */
export function keyOf(peer: PeerIdString): KeyText | undefined {
  const { publicKey } = peerIdFromString(peer)
  return publicKey?.type === 'Ed25519' ? keyText(publicKey.raw) : undefined
}
