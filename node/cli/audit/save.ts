import { equalBytes } from '../../../protocol/bytes.ts'
import { checkpointBytes } from '../../../protocol/log/checkpoint.ts'
import { encodeFileHead } from '../../../protocol/log/ledger-file.ts'
import { HASH_BYTES, leafHash } from '../../../protocol/log/merkle.ts'
import { decodeBundle, TILE_WIDTH, tileWidth } from '../../../protocol/log/tile.ts'
import type { Audit } from '../../audit/audit.ts'
import { GrownTree } from '../../audit/grown-tree.ts'
import type { ReaderMeans } from '../../audit/reader.ts'
import type { Terminal } from '../command.ts'
import { CliError } from '../failure.ts'
import { writePieces } from './files.ts'

/**
 * Writes an audited ledger into one file (SPEC §10.8). The source is read again, and what it says the second time must make the same tree.
 * Returns the path.
 */
export function saveLedger(
  { checkpoint, source, head }: Audit,
  { sha256 }: Pick<ReaderMeans, 'sha256'>,
  named: string,
  { folder, signal }: Terminal,
): Promise<string> {
  if (checkpoint === undefined || !equalBytes(checkpoint.root, head.root))
    throw new CliError('ledger-unreadable', 'Only a ledger that its checkpoint speaks of can be saved.')
  const changed = () =>
    new CliError('source-changed', `${source.name} says something else when it is read again.`)
  async function* pieces(note: Uint8Array): AsyncGenerator<Uint8Array> {
    const tree = new GrownTree(sha256)
    yield encodeFileHead(note)
    for await (const bytes of source.bundles(0, head.size, signal)) {
      const width = tileWidth('entries', Math.floor(tree.size / TILE_WIDTH), head.size)
      const entries = bytes && decodeBundle(bytes, width)
      if (bytes === undefined || !entries?.ok) throw changed()
      const leaves = new Uint8Array(width * HASH_BYTES)
      for (const [i, entry] of entries.value.entries()) leaves.set(leafHash(entry, sha256), i * HASH_BYTES)
      tree.append(leaves)
      yield bytes
    }
    if (!equalBytes(tree.head().root, head.root)) throw changed()
  }
  return writePieces(named, folder, pieces(checkpointBytes(checkpoint)))
}
