import { equalBytes } from '../../protocol/bytes.ts'
import { leafHash } from '../../protocol/log/merkle.ts'
import { LEDGER } from '../../protocol/wire/services.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import { ask } from '../requests.ts'
import type { TheirTree } from './checkpoints.ts'
import { HashTree } from './hash-tree.ts'

/**
 * The tree that somebody holds, from the entries that they give. It is asked for only when the log has signed two things that do not go
 * together, and is believed when it has the root that was signed.
 */
export function fetchTree(network: Network, from: PeerIdString, signal: AbortSignal): TheirTree {
  return async ({ size, root }) => {
    const tree = new HashTree()
    while (tree.size < size) {
      const entries = await entriesFrom(network, from, tree.size, signal)
      if (entries.length === 0) return undefined
      for (const entry of entries.slice(0, size - tree.size)) tree.append(leafHash(entry))
    }
    return equalBytes(tree.root(), root) ? tree : undefined
  }
}

async function entriesFrom(
  network: Network,
  from: PeerIdString,
  get: number,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  try {
    const answer = await ask(network, from, LEDGER, { get }, signal)
    return answer.ok ? (answer.value.entries ?? []) : []
  } catch (error) {
    // They went away; without the entries there is an alarm without a proof.
    if (error instanceof NetworkError) return []
    throw error
  }
}
