import { hash } from '../hash.ts'
import { foldHashes, type HashReader, nodeHash, rangeNodes, type Sha256 } from './merkle.ts'

/**
 * The right edge of a tree: the full subtrees that it is made of, largest first (MERKLE-4). It is all that appending and the root need: at
 * most 53 hashes, however many leaves there are.
 */
export interface Frontier {
  readonly size: number
  readonly hashes: readonly Uint8Array[]
}

export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] }

/** The edge of a tree whose hashes are stored. */
export function frontierOf(size: number, read: HashReader): Frontier {
  return {
    size,
    hashes: rangeNodes({ start: 0, end: size }).map(({ level, index }) => read(level, index)),
  }
}

/** The edge with one more leaf. @param leaf its hash */
export function appendLeaf(frontier: Frontier, leaf: Uint8Array, sha256: Sha256 = hash): Frontier {
  const hashes = frontier.hashes.slice()
  let edge = leaf
  // As in binary counting: each one at the end of the old size is a full subtree that now becomes the left half of a larger one.
  for (let rest = frontier.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    edge = nodeHash(hashes.pop() as Uint8Array, edge, sha256)
  }
  hashes.push(edge)
  return { size: frontier.size + 1, hashes }
}

/** The root of the tree. */
export function frontierRoot({ hashes }: Frontier, sha256: Sha256 = hash): Uint8Array {
  return foldHashes(hashes, sha256)
}
