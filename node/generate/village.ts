import { checkpointBytes, type LogHead, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import { cosign } from '../../protocol/log/cosignature.ts'
import type { Signer } from '../../protocol/signature.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { nodeSha256 } from '../audit/sha.ts'
import type { Founded } from './founding.ts'
import type { TreeWriter } from './tree-writer.ts'

/** A made-up community and the files of its log. */
export interface Village {
  readonly founded: Founded
  readonly writer: TreeWriter
}

/** How a checkpoint is signed; what is left out is as it should be. */
export interface Signing {
  readonly head?: (head: LogHead) => LogHead
  readonly signer?: Signer
  readonly cosigners?: number
  /** Cosignatures are not what they say. */
  readonly forged?: boolean
}

/** Writes the tiles of the tree as it is now, and signs it and the state, as the log and its witnesses do. Returns the checkpoint. */
export async function publish(village: Village, signing: Signing = {}): Promise<Uint8Array> {
  const { founded, writer } = village
  const { world, log, witnesses } = founded
  const tree = await writer.publish()
  const { state } = world.chronicle
  const honest = { ...tree, state: stateHash(state, stateRoot(state, nodeSha256), nodeSha256) }
  const head = signing.head?.(honest) ?? honest
  const { note, ...signed } = await signCheckpoint(signing.signer ?? log, world.community, head)
  const signatures = [...note.signatures]
  for (const witness of witnesses.slice(0, signing.cosigners ?? witnesses.length)) {
    const { signature, ...line } = await cosign(witness, note.text, world.now)
    const last = signature.length - 1
    const forged = signature.with(last - 1, (signature[last - 1] as number) ^ 1)
    signatures.push({ ...line, signature: signing.forged ? forged : signature })
  }
  return checkpointBytes({ ...signed, note: { ...note, signatures } })
}
