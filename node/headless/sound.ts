import type { LinkKind } from '../../protocol/audio/voice.ts'
import type { KeyText } from '../../protocol/ids.ts'
import type { Opener } from '../voice/opener.ts'
import type { Sealer } from '../voice/sealer.ts'

/** What the links of a room have in common: how a voice is sealed and opened, and who counts what went out. */
export interface Sound {
  /** The address to bind; undefined for all of the machine. */
  readonly bind: string | undefined
  readonly report: (where: string, error: unknown) => void
  /** Our voice rests: nothing of it goes out. */
  readonly isResting: boolean
  /** For our voice on one link. */
  sealer(kind: LinkKind): Promise<Sealer>
  /** For the voices that come over one link. @param speakers where they are not those that may come over relays */
  opener<F>(kind: LinkKind, speakers?: () => readonly KeyText[]): Opener<F>
  /** One packet of our own voice went out. */
  went(): void
}
