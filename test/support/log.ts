import { Point, utils } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { encodeEntry, type LogPromise, PROMISE } from '../../protocol/community/entry.ts'
import { communityOf, GENESIS, type Genesis } from '../../protocol/community/genesis.ts'
import { DEFAULT_POLICY } from '../../protocol/community/policy.ts'
import { type Envelope, NO_COMMUNITY, seal } from '../../protocol/envelope.ts'
import type { CommunityId, KeyText, StatementId } from '../../protocol/ids.ts'
import { MINUTE } from '../../protocol/limits.ts'
import { type SignedCheckpoint, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import type { HashReader } from '../../protocol/log/merkle.ts'
import { consistencyProof, inclusionProof, type Proof, type TreeHead } from '../../protocol/log/proof.ts'
import type { Signer } from '../../protocol/signature.ts'
import { bytesOf, invite, NOON, personOf, signerOf } from './community.ts'
import { bruteReader, bruteRoot } from './tree.ts'

/** Logs for tests: a community with witnesses, and histories of it that a log shows, or two of them. */

export interface LoggedCommunity {
  readonly genesis: Envelope<Genesis>
  readonly community: CommunityId
  readonly log: Signer
  readonly witnesses: readonly Signer[]
}

/** A community that asks for two of three witnesses. */
export async function foundLoggedCommunity(log = signerOf('the log')): Promise<LoggedCommunity> {
  const root = signerOf('Alice root')
  const witnesses = ['Wanda', 'Walid', 'Wen'].map(signerOf)
  const genesis = await seal(
    GENESIS,
    NO_COMMUNITY,
    {
      name: 'Friends of Alice',
      nonce: bytesOf('Alice nonce'),
      founders: [root.publicKey],
      council: { k: 1, keys: [root.publicKey] },
      log: log.publicKey,
      witnesses: { k: 2, keys: sorted(witnesses.map(({ publicKey }) => publicKey)) },
      policy: DEFAULT_POLICY,
      at: NOON,
    },
    [root],
  )
  return { genesis, community: communityOf(genesis), log, witnesses }
}

/** A history that a log shows to somebody: what stands in it, and what it signs about it. */
export class History {
  readonly house: LoggedCommunity
  readonly entries: readonly Uint8Array[]

  constructor(house: LoggedCommunity, entries: readonly Uint8Array[]) {
    this.house = house
    this.entries = entries
  }

  /** The genesis, and a number of invitations of Alice. @param label another one makes other invitations, from the index `from` on */
  static async of(house: LoggedCommunity, size: number, label = 'honest', from = 1): Promise<History> {
    const { genesis, community } = house
    const entries = [encodeEntry({ at: NOON, e: genesis.bytes })]
    for (let i = 1; i < size; i++) {
      const sponsor = await personOf(community, i < from ? 'honest' : label, NOON)
      const { envelope } = await invite(sponsor, i, NOON + i * MINUTE)
      entries.push(encodeEntry({ at: NOON + i * MINUTE, e: envelope.bytes }))
    }
    return new History(house, entries)
  }

  head(size = this.entries.length): TreeHead {
    return { size, root: bruteRoot(this.entries.slice(0, size)) }
  }

  checkpoint(size = this.entries.length, state = `state ${size}`): Promise<SignedCheckpoint> {
    const head = { ...this.head(size), state: bytesOf(state) }
    return signCheckpoint(this.house.log, this.house.community, head)
  }

  promise(index: number, id: StatementId): Promise<Envelope<LogPromise>> {
    return seal(PROMISE, this.house.community, { id, index, at: NOON + index * MINUTE }, [this.house.log])
  }

  inclusion(index: number, size = this.entries.length): Proof {
    return inclusionProof(index, size, this.#read())
  }

  consistency(from: number, to = this.entries.length): Proof {
    return consistencyProof(from, to, this.#read())
  }

  #read(): HashReader {
    return bruteReader(this.entries)
  }
}

/** A second good signature of the same key over the same bytes, with another nonce. Only who holds the key can make it. */
export function signAnew(label: string, message: Uint8Array): Uint8Array {
  const { scalar, pointBytes } = utils.getExtendedPublicKey(bytesOf(label))
  const order = Point.CURVE().n
  const nonce = 1234n
  const commitment = Point.BASE.multiply(nonce).toBytes()
  const k = BigInt(
    `0x${Buffer.from(sha512(Buffer.concat([commitment, pointBytes, message])))
      .reverse()
      .toString('hex')}`,
  )
  const s = ((nonce + k * scalar) % order).toString(16).padStart(64, '0')
  return Uint8Array.from([...commitment, ...Buffer.from(s, 'hex').reverse()])
}

function sorted(keys: readonly KeyText[]): readonly KeyText[] {
  return keys.toSorted((a, b) => Buffer.compare(Buffer.from(a, 'base64url'), Buffer.from(b, 'base64url')))
}
