import { encodeEntry } from '../../../protocol/community/entry.ts'
import { type Membership, membersInOrder } from '../../../protocol/community/membership.ts'
import type { Policy } from '../../../protocol/community/policy.ts'
import { beginLedger, replay } from '../../../protocol/community/replay.ts'
import { type Envelope, type PayloadType, seal } from '../../../protocol/envelope.ts'
import { type Id, idBytes, type KeyText, keyBytes } from '../../../protocol/ids.ts'
import { MINUTE } from '../../../protocol/limits.ts'
import { createVerifier, type Signer } from '../../../protocol/signature.ts'
import { stateHash, stateRoot } from '../../../protocol/state/state.ts'
import { councilAct, deviceAct, type Linked, rootAct } from '../../support/acts.ts'
import {
  type Founded,
  foundCommunity,
  type Invitation,
  invite,
  join,
  NOON,
  type Person,
  signerOf,
} from '../../support/community.ts'
import { hex, type LedgerCase, type LedgerState } from '../format.ts'
import { LOG } from './cast.ts'

/** A ledger while it is told: statements go in one after the other, each at a time. */
export class Story {
  readonly founded: Founded
  readonly #entries: Uint8Array[]
  #at = NOON

  constructor(founded: Founded) {
    this.founded = founded
    this.#entries = [...founded.entries]
  }

  static async begin(policy: Partial<Policy> = {}): Promise<Story> {
    return new Story(await foundCommunity(signerOf(LOG).publicKey, NOON, 'Alice', policy))
  }

  get alice(): Person {
    return this.founded.founder
  }

  get at(): number {
    return this.#at
  }

  /** Lets time pass. */
  after(seconds: number): this {
    this.#at += seconds
    return this
  }

  put(statement: Envelope<unknown>): this {
    return this.putBytes(statement.bytes)
  }

  putBytes(envelope: Uint8Array): this {
    this.#entries.push(encodeEntry({ at: this.#at, e: envelope }))
    return this
  }

  /** Invites and lets somebody in, a minute each. */
  async guest(sponsor: Person, slot: number, name: string): Promise<Person> {
    const invitation = await invite(sponsor, slot, this.#at)
    this.put(invitation.envelope).after(MINUTE)
    return this.letIn(invitation, name)
  }

  async letIn(invitation: Invitation, name: string): Promise<Person> {
    const { person, envelope } = await join(invitation, name, this.#at)
    this.put(envelope).after(MINUTE)
    return person
  }

  /** Lets somebody say something with their device. */
  async says<T extends Partial<Linked>>(
    person: Person,
    kind: PayloadType<T>,
    fields: Omit<T, keyof Linked>,
  ): Promise<Envelope<T>> {
    return this.#putNew(await deviceAct(person, kind, fields, this.#at))
  }

  /** The same in vain: the person's chain stays where it was. */
  tries<T extends Partial<Linked>>(
    person: Person,
    kind: PayloadType<T>,
    fields: Omit<T, keyof Linked>,
  ): Promise<Envelope<T>> {
    return this.says({ ...person }, kind, fields)
  }

  /** Lets somebody say something with their root. @param others who sign beside it */
  async rootSays<T extends Partial<Linked>>(
    person: Person,
    kind: PayloadType<T>,
    fields: Omit<T, keyof Linked>,
    others: readonly Signer[] = [],
  ): Promise<Envelope<T>> {
    return this.#putNew(await rootAct(person, kind, fields, this.#at, others))
  }

  rootTries<T extends Partial<Linked>>(
    person: Person,
    kind: PayloadType<T>,
    fields: Omit<T, keyof Linked>,
    others: readonly Signer[] = [],
  ): Promise<Envelope<T>> {
    return this.rootSays({ ...person }, kind, fields, others)
  }

  /** Lets the council speak: that of the genesis, which is Alice, unless it is said otherwise. */
  async councilSays<T extends { readonly v?: number; readonly at: number }>(
    kind: PayloadType<T>,
    fields: Omit<T, 'v' | 'at'>,
    { v = 0, signers = [this.alice.root] }: { v?: number; signers?: readonly Signer[] } = {},
  ): Promise<Envelope<T>> {
    return this.#putNew(await councilAct(this.founded.community, kind, fields, this.#at, signers, v))
  }

  /** Lets anybody say something of no chain. */
  async seals<T extends { readonly at: number }>(
    kind: PayloadType<T>,
    fields: Omit<T, 'at'>,
    signers: readonly Signer[] = [signerOf(LOG)],
  ): Promise<Envelope<T>> {
    return this.#putNew(
      await seal(kind, this.founded.community, { ...fields, at: this.#at } as unknown as T, signers),
    )
  }

  #putNew<T>(statement: Envelope<T>): Envelope<T> {
    this.put(statement)
    return statement
  }

  entries(): readonly Uint8Array[] {
    return this.#entries
  }
}

/** Tells a story as a case. @param expected how many members there are, and which entries are void and why; or why it is no ledger */
export type Tell = (name: string, rule: string, story: Story, expected: string) => Promise<void>

/** What a reader makes of entries. Throws when that is not what was expected, which is written down beside the rules and not by the code. */
export async function readCase(
  name: string,
  rule: string,
  entries: readonly Uint8Array[],
  expected: string | undefined,
): Promise<LedgerCase> {
  const told = { name, rule, entries: entries.map(hex), ...(await read(entries)) }
  const { reason, state } = told
  const voids = state?.voids.map((entry) => ` ${entry.index} ${entry.reason}`) ?? []
  const outcome = reason ?? `${state?.members.length} members${voids.join('')}`
  if (outcome !== expected) throw new Error(`${name}: ${outcome}, not ${expected}`)
  return told
}

async function read(
  entries: readonly Uint8Array[],
): Promise<{ reason: string; state?: never } | { state: LedgerState; reason?: never }> {
  const verifier = createVerifier()
  const begun = await beginLedger(verifier, entries[0] as Uint8Array)
  if (!begun.ok) return { reason: begun.reason }
  const replayed = await replay(verifier, begun.value, entries.slice(1))
  return replayed.ok ? { state: stateOf(replayed.value) } : { reason: replayed.reason }
}

/** The state of a ledger as the vectors tell it. */
export function stateOf(membership: Membership): LedgerState {
  const id = (value: Id) => hex(idBytes(value))
  const key = (value: KeyText) => hex(keyBytes(value))
  return {
    community: id(membership.community),
    size: membership.size,
    time: membership.time,
    members: membersInOrder(membership).map(({ id: member, root, sponsor, since }) => ({
      id: id(member),
      root: key(root),
      ...(sponsor === undefined ? {} : { sponsor: id(sponsor) }),
      since,
    })),
    devices: sorted(
      [...membership.devices.values()].map((device) => ({ key: key(device.key), member: id(device.member) })),
      (device) => device.key,
    ),
    invitations: sorted(
      [...membership.invitations.values()].map(({ id: invitation, sponsor, slot, guest }) => ({
        id: id(invitation),
        sponsor: id(sponsor),
        slot,
        ...(guest === undefined ? {} : { guest: id(guest) }),
      })),
      (invitation) => invitation.id,
    ),
    hash: hex(stateHash(membership, stateRoot(membership))),
    voids: membership.voids.map(({ index, reason }) => ({ index, reason })),
  }
}

function sorted<T>(items: readonly T[], by: (item: T) => string): readonly T[] {
  return items.toSorted((a, b) => (by(a) < by(b) ? -1 : 1))
}
