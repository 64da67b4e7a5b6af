import { type Command, Option } from 'commander'
import type { Membership, Standing } from '../../../protocol/community/membership.ts'
import { membersInOrder } from '../../../protocol/community/membership.ts'
import { DEFAULT_POLICY, type Policy } from '../../../protocol/community/policy.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { count, table } from '../output.ts'
import { readLink, tellArrival } from './arrive.ts'
import { declareCouncilActs } from './council.ts'
import { atSite, during, type HomeOptions, visiting, withHomeOption, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'
import { ledgerMoment } from './text.ts'

interface CreateOptions extends HomeOptions, PhraseOptions {
  readonly name: string
  readonly member: string
  readonly policy: Policy['mode']
}

const MODES: readonly Policy['mode'][] = ['default', 'open', 'strict']
const STANDINGS: readonly Standing[] = ['active', 'banned', 'cut', 'left', 'repudiated']

export const declareCommunity: Declare = (program, start) => {
  const group = program
    .command('community')
    .description('Found a community, show it, and do what its council does.')
    .addHelpText(
      'after',
      examples(
        ['palabre community create "https://…/#/found/…" --name Riverside --member Awa', 'found it'],
        ['palabre community show', 'who is here, who decides, by which policy'],
        ['palabre community notice 3hQ8mZk1 --reason spam', 'a day before a ban, so that sponsors answer'],
      ),
    )
  declareCreate(group).action(start(create))
  withHomeOptions(group.command('show'))
    .description('Members by standing, council, policy, log, and how much of the ledger is final.')
    .action(start(show))
  declareCouncilActs(group, start)
}

function declareCreate(group: Command): Command {
  return withPhraseOption(withHomeOption(group.command('create')))
    .description('Found a community with the one-time link that its relay printed.')
    .argument('<founding link>', 'as the relay printed it')
    .requiredOption('--name <name>', 'what the community is called')
    .requiredOption('--member <name>', 'what members call you')
    .addOption(
      new Option('--policy <mode>', 'how soon newcomers may invite').choices(MODES).default('default'),
    )
    .addHelpText(
      'after',
      examples(
        ['palabre identity new --words-file words.txt', 'once in your life'],
        [
          'palabre community create "https://…/#/found/…" --name Riverside --member Awa --words-file words.txt',
          'found it',
        ],
      ),
    )
}

async function create(terminal: Terminal, link: string, options: CreateOptions): Promise<ExitStatus> {
  const { origin, code: token } = readLink(link, 'found')
  const phrase = await readPhrase(terminal, options)
  return atSite(terminal, options, origin, async (site) => {
    const identity = await site.ways.knownIdentity(phrase)
    const policy = { ...DEFAULT_POLICY, mode: options.policy }
    const { name: community, member: name } = options
    const visit = await site.ways.found({ token, community, name, identity, policy })
    return during(visit, async () => {
      await tellArrival(terminal, site, visit)
      return EXIT.ok
    })
  })
}

function show(terminal: Terminal, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    await visit.fetchNames()
    const { state, ledger, profiles } = visit
    const nameOf = profiles.names.value
    const { payload } = state.genesis
    const members = membersInOrder(state).map(
      ({ id, standing, founder, sponsor, since, certified, root }) => ({
        id,
        name: nameOf(id),
        standing,
        founder,
        sponsor,
        since,
        certified,
        root,
      }),
    )
    const standings = countStandings(state)
    const final = ledger.finalSize.value
    terminal.output.result(
      {
        id: state.community,
        name: payload.name,
        founded: payload.at,
        size: state.size,
        final,
        standings,
        council: state.council,
        stewards: state.stewards,
        policy: payload.policy,
        log: state.log,
        witnesses: state.witnesses,
        members,
      },
      () =>
        [
          `${payload.name}, since ${ledgerMoment(payload.at)}`,
          table([
            ['Community', state.community],
            ['Ledger', `${count(state.size)} entries, ${count(final)} of them final`],
            ['Log', state.log],
            [
              'Witnesses',
              `${state.witnesses.keys.length}, of which ${state.witnesses.k} make an entry final`,
            ],
            ['Policy', payload.policy.mode],
            ['Council', `${state.council.k} of ${state.council.keys.length}, version ${state.council.v}`],
            ...state.council.keys.map((key) => ['', key]),
            ['Stewards', state.stewards.length === 0 ? 'none' : state.stewards.join(' ')],
            [
              'Members',
              STANDINGS.filter((one) => standings[one] > 0)
                .map((one) => `${count(standings[one])} ${one}`)
                .join(', '),
            ],
          ]),
          '',
          table(
            members.map(({ id, standing, since, name }) => [id, standing, ledgerMoment(since), name ?? '']),
          ),
        ].join('\n'),
    )
    return EXIT.ok
  })
}

function countStandings(state: Membership): Record<Standing, number> {
  const counts = { active: 0, banned: 0, cut: 0, left: 0, repudiated: 0 }
  for (const { standing } of state.members.values()) counts[standing] += 1
  return counts
}
