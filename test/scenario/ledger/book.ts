import { expect } from 'vitest'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { encodeEntry } from '../../../protocol/community/entry.ts'
import type { Member, Membership } from '../../../protocol/community/membership.ts'
import type { Policy } from '../../../protocol/community/policy.ts'
import { admit, beginLedger, replay } from '../../../protocol/community/replay.ts'
import type { Envelope } from '../../../protocol/envelope.ts'
import type { Reason } from '../../../protocol/reasons.ts'
import type { Result } from '../../../protocol/result.ts'
import { nameBytes, recordNames, recordOf } from '../../../protocol/state/record.ts'
import { disagreement } from '../../independent/both.ts'
import { hex } from '../../independent/bytes.ts'
import { ed25519Scheme, type Scheme } from '../../independent/scheme.ts'
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

const verifier = await platformVerifier()

/**
 * The ledger of a community as a log keeps it that takes whatever it is given: what breaks a rule stands there too, void, so that everybody can
 * see that it changed nothing.
 */
export class Book {
  readonly founded: Founded
  readonly #entries: Uint8Array[]
  #state: Membership
  #at = NOON

  private constructor(founded: Founded, state: Membership) {
    this.founded = founded
    this.#entries = [...founded.entries]
    this.#state = state
  }

  /** A community that Alice has founded. */
  static async of(policy: Partial<Policy> = {}): Promise<Book> {
    const founded = await foundCommunity(signerOf('the log').publicKey, NOON, 'Alice', policy)
    const [genesis, ...rest] = founded.entries as [Uint8Array, ...Uint8Array[]]
    const begun = good(await beginLedger(verifier, genesis))
    return new Book(founded, good(await replay(verifier, begun, rest)))
  }

  get alice(): Person {
    return this.founded.founder
  }

  /** The log's time. */
  get at(): number {
    return this.#at
  }

  get state(): Membership {
    return this.#state
  }

  get entries(): readonly Uint8Array[] {
    return this.#entries
  }

  member(person: Person): Member {
    const member = this.#state.members.get(person.member)
    if (member === undefined) throw new Error(`${person.name} is no member`)
    return member
  }

  isMember(person: Person): boolean {
    return this.#state.members.has(person.member)
  }

  later(seconds: number): this {
    this.#at += seconds
    return this
  }

  /**
   * Puts a statement into the ledger. Makes sure that an honest log would have said the same, and that what is void changed no record but the
   * list of what is void.
   * @returns why it is void; `undefined` when it took effect
   */
  async put({ bytes }: Pick<Envelope<unknown>, 'bytes'>): Promise<Reason | undefined> {
    const before = this.#state
    const admitted = await admit(verifier, before, bytes, this.#at)
    const entry = encodeEntry({ at: this.#at, e: bytes })
    this.#state = good(await replay(verifier, before, [entry]))
    this.#entries.push(entry)
    const reason = this.#state.voids.find(({ index }) => index === before.size)?.reason
    expect(admitted.ok ? undefined : admitted.reason, 'what an honest log says').toBe(reason)
    const isQuiet = before.recoveries.every(({ due }) => due > this.#at)
    if (reason !== undefined && isQuiet) expect(recordsOf(this.#state), reason).toEqual(recordsOf(before))
    return reason
  }

  /** The same for what must take effect. */
  async take(statement: Pick<Envelope<unknown>, 'bytes'>): Promise<void> {
    expect(await this.put(statement), 'why it is void').toBeUndefined()
  }

  /** Somebody new, by an invitation of this sponsor. */
  async bring(sponsor: Person, slot: number, name: string): Promise<Person> {
    const { person } = await this.arrive(await this.invite(sponsor, slot), name)
    return person
  }

  async invite(sponsor: Person, slot: number, exp?: number): Promise<Invitation> {
    const invitation = await invite(sponsor, slot, this.#at, exp)
    await this.take(invitation.envelope)
    return invitation
  }

  async arrive(invitation: Invitation, name: string) {
    const joined = await join(invitation, name, this.#at)
    await this.take(joined.envelope)
    return joined
  }

  /** Where a second replay, or this one in parts, comes to another end: in words; `undefined` when everybody sees the same. */
  disagreement(): Promise<string | undefined> {
    return disagreement(scheme, this.#entries)
  }
}

/** Every record but the list of void entries. */
export function recordsOf(state: Membership): Record<string, string> {
  const records: Record<string, string> = {}
  for (const name of recordNames(state)) {
    if (name.kind === 'void') continue
    // The community's own record counts the void ones.
    const of = name.kind === 'community' ? { ...state, voids: [] } : state
    records[`${name.kind} ${hex(nameBytes(name))}`] = hex(recordOf(of, name) as Uint8Array)
  }
  return records
}

export function good<T>(result: Result<T, Reason>): T {
  if (!result.ok) throw new Error(`refused: ${result.reason}`)
  return result.value
}

/** Ed25519 as somebody else wrote it, who remembers what they looked at: a ledger is read five times. */
const scheme = remembering(ed25519Scheme())

function remembering(slow: Scheme): Scheme {
  const known = new Map<string, string | undefined>()
  return {
    ...slow,
    check: (signature, message, key) => {
      const name = `${key} ${hex(signature)} ${hex(message)}`
      if (!known.has(name)) known.set(name, slow.check(signature, message, key))
      return known.get(name)
    },
  }
}
