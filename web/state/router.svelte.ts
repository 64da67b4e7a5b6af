import { hashOf, type Place, parseRoute, type Route } from './route.ts'

/** What the router needs of a window. */
export interface RouterWindow {
  readonly location: { hash: string }
  readonly history: { replaceState(data: unknown, unused: string, url: string): void }
  addEventListener(type: 'hashchange', listener: () => void): void
}

/** Where the person is, read from and written to the address. */
export class Router {
  readonly #window: RouterWindow
  #route: Route = $state.raw({ at: 'home' })
  /** Told after every change of place. */
  arrived: (route: Route) => void = () => {}

  constructor(window: RouterWindow) {
    this.#window = window
    this.#route = parseRoute(window.location.hash)
    window.addEventListener('hashchange', () => this.#arrive(parseRoute(window.location.hash)))
  }

  get route(): Route {
    return this.#route
  }

  /** Goes to a place, and leaves a step for the back button. */
  go(place: Place): void {
    this.#window.location.hash = hashOf(place)
    this.#arrive(place)
  }

  /** Goes to a place and wipes the present address, for one that held a secret. */
  replace(place: Place): void {
    this.#window.history.replaceState(null, '', hashOf(place))
    this.#arrive(place)
  }

  #arrive(route: Route): void {
    this.#route = route
    this.arrived(route)
  }
}
