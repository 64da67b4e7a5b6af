import { plurals } from '../plural.ts'
import type { ModerationWords } from './words.ts'

const count = plurals('fr')

export const words: ModerationWords = {
  deeds: {
    comoderator: 'Proposer d’aider à modérer',
    moderator: 'Proposer de modérer',
    hand: 'Transmettre le salon',
    remove: 'Faire sortir du salon',
    ban: 'Bannir du salon',
  },
  deedsMore: {
    comoderator: (name) =>
      `${name} pourra faire monter sur scène, couper des micros et faire sortir du salon.`,
    moderator: (name) =>
      `${name} pourra aussi bannir, fermer la porte, changer le titre et terminer le salon pour tout le monde.`,
    hand: (name) =>
      `Quand ${name} accepte, le salon lui appartient et vous rejoignez le public. Vous ne pourrez plus revenir en arrière.`,
    remove: (name) => `${name} n’entend plus rien et peut revenir dans dix minutes.`,
    ban: (name) => `${name} n’entend plus rien et reste dehors tant que le bannissement n’est pas levé.`,
  },
  why: {
    spam: 'publicité non voulue',
    abuse: 'maltraitance envers d’autres',
    fake: 'fausse identité',
    illegal: 'quelque chose d’illégal',
    other: 'une autre raison',
    away: 'une connexion perdue pendant plus d’une minute',
  },
  form: {
    why: 'Raison',
    note: 'Avec vos mots',
    noteHint: 'Facultatif. Toute personne dans le salon peut le lire.',
  },
  record: {
    open: 'Modération',
    title: 'Ce que la modération a fait',
    lead: 'Tout le monde dans le salon voit la même chose. Chaque ligne est signée par qui l’a faite.',
    none: 'Rien pour l’instant.',
    undo: 'Lever le bannissement',
    reason: (why) => `Raison : ${why}`,
    away: (name) => `${name} a quitté la scène plus d’une minute, et se retrouve à l’écoute`,
  },
  recorded: {
    hand: (by, to) => `${by} a proposé le salon à ${to}`,
    lower: (by, to) => `${by} a fait descendre ${to} de scène, ou a retiré une proposition`,
    mute: (by, to) => `${by} a coupé le micro de ${to}`,
    unmute: (by, to) => `${by} a rendu la parole à ${to}`,
    remove: (by, to) => `${by} a fait sortir ${to}`,
    ban: (by, to) => `${by} a banni ${to}`,
    unban: (by, to) => `${by} a levé le bannissement de ${to}`,
    revoke: (by, to) => `${by} a retiré à ${to} le droit d’entrer`,
    lock: (by) => `${by} a fermé la porte`,
    unlock: (by) => `${by} a rouvert la porte`,
    end: (by) => `${by} a terminé le salon`,
  },
  settings: {
    open: 'Réglages du salon',
    title: 'Réglages du salon',
    name: 'Titre',
    nameHint: 'Une courte ligne, visible dans la liste des salons.',
    link: 'Lien épinglé',
    linkHint: 'Une page que chacun ici devrait avoir sous la main. Commence par https://. Facultatif.',
    hands: 'Qui peut lever la main',
    lock: 'Fermer la porte',
    lockHint: 'Les personnes présentes restent ; plus personne n’entre.',
    save: 'Enregistrer',
  },
  all: {
    mute: 'Couper tous les micros',
    muteMore: (n) =>
      count(n, {
        one: 'Vous coupez le micro de # personne sur scène, jusqu’à ce que la modération lui rende la parole. Vous pourrez revenir en arrière.',
        other:
          'Vous coupez le micro de # personnes sur scène, jusqu’à ce que la modération leur rende la parole. Vous pourrez revenir en arrière.',
      }),
    unmute: 'Rendre la parole à tout le monde',
    unmuteMore: (n) =>
      count(n, {
        one: '# personne dont la modération a coupé le micro pourra le rouvrir.',
        other: '# personnes dont la modération a coupé le micro pourront le rouvrir.',
      }),
  },
  hands: { everybody: 'Tout le monde', members: 'Les membres', nobody: 'Personne' },
  out: {
    ban: 'Vous êtes banni de ce salon',
    remove: 'On vous a fait sortir de ce salon',
    lock: 'La porte de ce salon est fermée',
    private: 'Ce salon est pour les personnes qu’on a laissé entrer',
  },
  outMore: {
    until: (moment) => `Vous pourrez revenir à ${moment}.`,
    reason: (why) => `La modération a donné cette raison : ${why}.`,
    waits: 'Restez ici : vous entrerez dès que la modération l’ouvrira.',
    back: 'Retour aux salons',
  },
  stage: {
    title: 'On vous invite sur scène',
    lead: (room) => `La modération de « ${room} » aimerait vous entendre.`,
    microphone:
      'Essayez d’abord votre micro : votre navigateur vous le demandera. Personne d’autre ne l’entend.',
    muted: 'Vous entrez micro coupé : personne ne vous entend tant que vous ne l’avez pas choisi.',
    try: 'Essayer mon micro',
    accept: 'Monter sur scène, micro coupé',
    accepting: 'Montée sur scène…',
    decline: 'Rester à l’écoute',
  },
  microphone: {
    open: 'Micro',
    title: 'Votre micro',
    lead: 'Essayez un micro avant que les autres l’entendent. Il commence coupé.',
    which: 'Micro',
    unnamed: (number) => `Micro ${number}`,
    speak: 'Dites quelque chose : la barre doit bouger. Personne d’autre ne l’entend.',
    heard: 'Votre micro vous entend. Personne d’autre ne l’entend encore.',
    take: 'Prendre ce micro',
    talkKey: 'Tenir la barre d’espace pour parler',
    talkKeyMore: 'Votre micro est ouvert tant que vous la tenez, et se coupe quand vous la lâchez.',
  },
  react: { title: 'Réagir' },
  reactions: { clap: 'applaudit', heart: 'adore', laugh: 'rit', agree: 'approuve', wow: 's’étonne' },
  block: {
    do: 'Bloquer pour moi',
    undo: 'Débloquer',
    more: (name) =>
      `Vous n’entendrez et ne verrez plus ${name} dans aucun salon. Cela reste sur cet appareil, personne ne le saura.`,
    done: (name) => `Vous n’entendez et ne voyez ${name} dans aucun salon.`,
    here: (n) =>
      count(n, {
        one: '# personne présente que vous bloquez',
        other: '# personnes présentes que vous bloquez',
      }),
    title: 'Personnes que vous bloquez',
    lead: 'Ces personnes sont dans ce salon. Vous ne les entendez ni ne les voyez, et elles ne le savent pas.',
  },
  offer: { title: 'Une proposition pour vous', accept: 'Accepter', decline: 'Non, merci' },
  offered: {
    60: (name, room) =>
      `${name} vous demande d’aider à modérer « ${room} » : faire monter sur scène, couper des micros, faire sortir.`,
    80: (name, room) => `${name} vous demande de modérer « ${room} ».`,
    90: (name, room) => `${name} veut vous transmettre « ${room} » : c’est vous qui le mèneriez.`,
  },
  counts: {
    choice: 'Le temps passé sur cette scène compte',
    hint: 'Les personnes qu’on y entend pourront inviter plus tôt. En échange, le registre dit, pour toujours et à tout le monde : que vous avez ouvert un salon et quand il a pris fin, et qui a entendu qui sur scène, pendant combien de minutes. Il ne dit ni le titre, ni ce dont on a parlé.',
    room: 'Cette scène compte : le registre dira qui on y a entendu, qui l’a entendu, et pendant combien de minutes.',
  },
  guests: {
    choice: 'Un salon privé',
    hint: 'Pour les seules personnes que vous invitez. Personne d’autre ne le trouve ni n’apprend ce qui s’y dit, et sa scène ne compte pas.',
    room: 'Salon privé : pour les seules personnes invitées',
    open: 'Inviter des personnes',
    title: 'Qui peut entrer',
    lead: 'Les personnes que vous invitez trouvent ce salon dans leur liste, dès qu’elles ouvrent l’application. Personne d’autre ne le voit.',
    list: 'Personnes invitées',
    none: 'Personne n’est invité pour le moment.',
    search: 'Chercher une personne par son nom',
    nobody: 'Il n’y a plus personne de ce nom à inviter.',
    in: (name) => `Inviter ${name}`,
    out: 'Retirer',
    outOf: (name) => `Retirer l’invitation de ${name}`,
  },
  person: { page: 'Voir sa page, ou signaler' },
  addressMine: {
    connecting: 'Votre adresse est cachée. On cherche un relais qui transporte les voix…',
    carried: 'Votre adresse est cachée aux personnes présentes. Les voix passent par un relais.',
    unheard:
      'Votre adresse est cachée, et aucun relais ne transporte de voix en ce moment : vous n’entendez personne, et personne ne vous entend.',
    private:
      'Votre adresse est cachée, et aucun relais ne transporte un salon privé : vous n’entendez personne ici, et personne ne vous entend.',
  },
  addressTheirs: {
    connecting: 'Quelqu’un ici cache son adresse. On cherche un relais qui transporte les voix…',
    carried: 'Quelqu’un ici cache son adresse. Vous vous entendez par un relais.',
    unheard:
      'Quelqu’un ici cache son adresse, et aucun relais ne transporte de voix en ce moment : vous ne vous entendez pas.',
    private:
      'Quelqu’un ici cache son adresse, et aucun relais ne transporte un salon privé : vous ne vous entendez pas.',
  },
  address: {
    change: 'Changer cela dans mes données',
    person: 'Cache son adresse : son appareil ne se connecte qu’à des relais.',
  },
  room: {
    locked: 'La porte est fermée',
    pinned: 'Épinglé',
    carried: (relay, n) =>
      `Le relais ${relay} transporte les voix de ce salon, et n’en entend aucune. ${count(n, { one: '# personne écoute', other: '# personnes écoutent' })} par des relais.`,
    carriedPairs: (relay) =>
      `Certains appareils ici ne se joignent pas directement. Leurs voix passent par le relais ${relay}, qui ne peut en entendre aucune.`,
    heardBySome: 'Micro ouvert : tout le monde ne vous entend pas',
    leads: (name) => `L’hôte est parti. ${name} prend la suite.`,
    iLead: 'L’hôte est parti. Vous prenez la suite.',
    leadsMeanwhile: (name) => `La connexion de l’hôte est perdue. ${name} prend la suite.`,
    iLeadMeanwhile: 'La connexion de l’hôte est perdue. Vous prenez la suite.',
    away: 'Connexion perdue',
    differs: (name) =>
      `Votre application et celle de ${name} connaissent les mêmes décisions de ce salon et n’en tirent pas la même chose. L’une des deux se trompe : comparez qui est sur scène pour chacun de vous.`,
    offline:
      'Cet appareil semble hors ligne. Vous n’entendez plus les autres, et personne ne vous entend, jusqu’à son retour en ligne.',
    waiting: (time) => `levée ${time}`,
    chime: 'Un son quand une main se lève',
  },
  unheard: {
    unreached: (names) =>
      `Aucune voix ne passe entre vous et ${names} : vos appareils ne se joignent pas directement, et aucun relais ne transporte vos voix.`,
    private: (names) =>
      `Aucune voix ne passe entre vous et ${names} : vos appareils ne se joignent pas directement, et aucun relais ne transporte un salon privé.`,
    forged: (names) =>
      `Aucune voix ne passe entre vous et ${names} : ce qui est arrivé sous ce nom pour vous relier ne porte pas la bonne signature. Votre appareil l’a refusé : quelqu’un essaie peut-être de se mettre entre vous.`,
    refused: (names) =>
      `Aucune voix ne passe entre vous et ${names} : ce que l’autre appareil a envoyé pour vous relier n’est pas valable, et le vôtre l’a refusé. Vérifiez des deux côtés que l’application est à jour et que l’heure est juste.`,
  },
  missed: {
    stage:
      'Votre connexion a été perdue pendant plus d’une minute : vous êtes de nouveau à l’écoute. Pour parler, levez la main.',
    microphone:
      'Votre micro a été fermé : personne dans ce salon n’était joignable pendant un moment. Ouvrez-le quand vous voulez.',
  },
  voice: {
    verified: 'Voix vérifiée',
    unverified: 'Non vérifiée',
    forged: 'Imitée',
    locked: 'Clé attendue',
  },
  grade: { good: 'Bonne connexion', uneven: 'Connexion inégale', bad: 'Mauvaise connexion' },
  quality: {
    person: (grade, figures) => `${grade} entre vous (${figures})`,
    relay: (grade, figures) => `${grade} avec lui (${figures}).`,
    roundTrip: (milliseconds) => `${milliseconds} ms aller-retour`,
    jitter: (milliseconds) => `${milliseconds} ms d’irrégularité`,
    lost: (share) => `${share} du son perdu`,
  },
  voiceMeaning: {
    verified:
      'Cette voix est chiffrée de son appareil au vôtre, et signée par lui : personne d’autre ne l’entend, et personne d’autre ne peut parler en son nom.',
    unverified:
      'Cette voix est chiffrée, mais sa signature manque. Vous l’entendrez à nouveau dès qu’elle sera là.',
    forged:
      'Quelqu’un dans le salon essaie de parler au nom de cette personne. Vous n’entendez que ce que son appareil a signé, un instant plus tard.',
    locked:
      'Cette voix est chiffrée avec une clé que vous n’avez pas encore reçue. Vous l’entendrez dès que vous l’aurez.',
  },
}
