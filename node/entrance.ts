import { PeerError } from './errors.ts'
import type { Enter, PeerIdString, PeerNetwork } from './network/network.ts'
import { relayFailure } from './refusal.ts'
import { ANSWER_TIMEOUT } from './requests.ts'
import type { Site } from './site.ts'

/** A first connection may take a few attempts: a relay that is just starting, a phone that is just waking. Milliseconds. */
const FIRST_CONNECTION = 2 * ANSWER_TIMEOUT

/**
 * The way in to a site's relay. What is said at the door changes as a person becomes somebody: nothing, an invitation, a presence;
 * the connection stays.
 */
export interface Entrance {
  readonly network: PeerNetwork
  readonly site: Site
  /**
   * Says this at the door from now on, at every connection. Resolves with what it gave the first time.
   * @throws PeerError `relay-unreachable`, or what `say` throws
   */
  say<T>(say: (relay: PeerIdString, signal: AbortSignal) => Promise<T>): Promise<T>
}

export function openEntrance(network: PeerNetwork, site: Site): Entrance {
  let current: Enter = async () => {}
  let joined = false

  return {
    network,
    site,
    say<T>(say: (relay: PeerIdString, signal: AbortSignal) => Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        const late = setTimeout(() => reject(new PeerError('relay-unreachable')), FIRST_CONNECTION)
        current = async (relay, signal) => {
          try {
            const value = await say(relay, signal)
            clearTimeout(late)
            resolve(value)
          } catch (error) {
            // A refusal is final and the person must hear it; a broken connection is tried again until it is late.
            if (error instanceof PeerError) {
              clearTimeout(late)
              reject(error)
            }
            throw error
          }
        }
        if (!joined) {
          joined = true
          network.join(site.addresses, (relay, signal) => current(relay, signal))
        } else if (network.connections().some((link) => link.peer === site.relay)) {
          current(site.relay, AbortSignal.timeout(FIRST_CONNECTION)).catch((error) =>
            reject(relayFailure(error)),
          )
        }
      })
    },
  }
}
