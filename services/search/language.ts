// Which language a query is in, by its small words: short as it is, nothing else tells.

const SMALL: Readonly<Record<string, ReadonlySet<string>>> = {
  en: listOf(`a an and are as at be been but by can could did do does for from had has have he her his how i if in into is it its me my no not of on or our she so than
    that the their them then there these they this those to up was we were what when where which while who whom whose why will with would you your`),
  de: listOf(`aber als am an auf aus bei das dass dem den der des die du ein eine einem einen einer es fur hat hatte ich ihr im in ist kann man mit nach nicht noch nur oder
    sich sie sind so uber um und vom von vor war waren warum was welche welcher wenn wer wie wird wo wurde wurden zu zum zur`),
  fr: listOf(`au aux avec ce ces cette comment dans de des du elle en est et il ils je la le les leur mais ne nous on ou par pas pour pourquoi quand que quel quelle qui sa
    se son sont sur un une vous`),
  es: listOf(
    `al como con cual cuando de del donde el ella en es esta este fue la las lo los mas me mi no para pero por porque que quien se si sin son su sus un una y`,
  ),
  it: listOf(
    `al alla che chi come con da dal dei del della delle di dove e gli ha i il in io la le lo ma nel nella non per perche piu quando quale si sono un una`,
  ),
  nl: listOf(`aan als bij dat de die dit door een en er het hij hoe ik in is je kan maar men met naar niet of om ook op te tot uit van voor waar waarom wat we werd wie
    wordt ze zijn`),
  pt: listOf(`a ao as com como da das de do dos e ela ele em era foi mais mas na nas nao no nos o onde os ou para pela pelo por porque quais qual quando que quem se sem seu
    sua sao um uma`),
}

function listOf(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/))
}

/** Small in another language, and more than that in English: they alone tell nothing. */
const ALSO_ENGLISH = listOf(
  'a am an as come dal den des die do door dove fur hat i in is la man mas me met no nos of on or os par pour sa se sin so son sur van via war',
)
const LEAST = 2

/** Two letters; empty: nobody can tell, or it is as well English. Of folded words. */
export function languageOf(words: readonly string[]): string {
  const smallIn = (language: string) => words.filter(word => SMALL[language]?.has(word))
  let best = { language: '', count: Math.max(LEAST - 1, smallIn('en').length) }
  for (const language of Object.keys(SMALL)) {
    const small = smallIn(language)
    if (small.length > best.count && !small.every(word => ALSO_ENGLISH.has(word)))
      best = { language, count: small.length }
  }
  return best.language
}

/** Words of a language that say nothing about what is looked for; empty: of English. */
export function smallWordsOf(language: string): ReadonlySet<string> {
  return SMALL[language === '' ? 'en' : language] ?? new Set()
}
