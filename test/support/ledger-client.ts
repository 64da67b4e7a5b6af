import type { PeerIdString, PeerNetwork } from '../../node/network/network.ts'
import { startPeerNetwork } from '../../node/network/peer-network.ts'
import { ask } from '../../node/requests.ts'
import { askSite } from '../../node/site-address.ts'
import { type LogPromise, PROMISE } from '../../protocol/community/entry.ts'
import { type Envelope, open } from '../../protocol/envelope.ts'
import type { Reason } from '../../protocol/reasons.ts'
import type { Result } from '../../protocol/result.ts'
import { FOUND, type FoundRequest, HELLO, LEDGER } from '../../protocol/wire/services.ts'
import { bytesOf, type Person, presence, signerOf } from './community.ts'
import { PATIENCE } from './patience.ts'

/** Long enough for a loaded machine; nothing waits for it unless it fails. */
const patience = () => AbortSignal.timeout(PATIENCE)

/** A member with a real connection to a relay, who does nothing by themselves. */
export interface LedgerClient {
  readonly person: Person
  readonly network: PeerNetwork
  /** Resolves when the relay has admitted this session. */
  admitted(): Promise<void>
  /** @throws NetworkError when no answer came */
  submit(statement: Uint8Array): Promise<Result<Envelope<LogPromise>, Reason>>
  /** Everything that the relay has, from the start. */
  entries(): Promise<readonly Uint8Array[]>
}

/** @param origin of a relay that runs @param founding what is said before hello, the first time */
export async function connectMember(
  origin: string,
  person: Person,
  founding?: FoundRequest,
): Promise<LedgerClient> {
  const site = await askSite(new URL(origin), patience())
  const session = signerOf(`${person.name} session`)
  const network = await startPeerNetwork({ sessionSeed: bytesOf(`${person.name} session`), iceServers: [] })
  let founded = founding === undefined
  network.join(site.addresses, async (relay, signal) => {
    if (founding && !founded) {
      const answer = await ask(network, relay, FOUND, founding, signal)
      if (!answer.ok) throw new Error(`not founded: ${answer.reason}`)
      founded = true
    }
    const { bytes } = await presence(person, session, Math.floor(Date.now() / 1000))
    const answer = await ask(network, relay, HELLO, { p: bytes }, signal)
    if (!answer.ok) throw new Error(`not admitted: ${answer.reason}`)
  })
  return {
    person,
    network,
    admitted: () => isLinkedTo(network, site.relay),
    async submit(statement) {
      const answer = await ask(network, site.relay, LEDGER, { put: statement }, patience())
      if (!answer.ok) return answer
      return open(PROMISE, person.community, answer.value.promise ?? new Uint8Array())
    },
    async entries() {
      const entries: Uint8Array[] = []
      for (;;) {
        const answer = await ask(network, site.relay, LEDGER, { get: entries.length }, patience())
        if (!answer.ok) throw new Error(`the ledger was not given: ${answer.reason}`)
        const more = answer.value.entries ?? []
        if (more.length === 0) return entries
        entries.push(...more)
      }
    },
  }
}

/** A relay counts as linked once it has admitted us. */
function isLinkedTo(network: PeerNetwork, relay: PeerIdString): Promise<void> {
  if (network.relays().includes(relay)) return Promise.resolve()
  return new Promise((resolve) => {
    const off = network.on('relay', (state) => {
      if (state !== 'connected') return
      off()
      resolve()
    })
  })
}
