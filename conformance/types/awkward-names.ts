/** Names of properties that broke generated code somewhere, or could. */

const words = (text: string): string[] => text.split(' ')

export const AWKWARD_NAMES: readonly string[] = [
  // Python: keywords, names of dataclasses, of typing and of generated readers.
  ...words(
    'None True False class def lambda from import self cls async await match case obj isinstance classmethod from_str from_union from_dict to_dict',
  ),
  ...words(
    'str int float bool dict list field dataclass Any Optional Union json dumps loads data rest item additional_properties ABSENT Absent',
  ),
  ...words('__init__ __dict__ __class__ __slots__ __post_init__ __eq__ _private __mangled'),
  // Go: keywords, methods, imports and predeclared names.
  ...words(
    'func type map chan range go defer select struct interface package var const fallthrough nil string error any len make new',
  ),
  ...words(
    'marshal unmarshal Marshal MarshalJSON UnmarshalJSON marshalJSON AdditionalProperties members payload value data err fmt math String',
  ),
  ...words('SchemaHash schemaHash Nullable nullable Members members Integers'),
  // TypeScript and JavaScript.
  ...words(
    '__proto__ prototype hasOwnProperty toString valueOf default export enum readonly get set new delete unknown never object',
  ),
  ...words('keyof infer is as satisfies number symbol undefined'),
  // Signs that tags, literals, pointers and comments end at.
  ...[
    '',
    ' ',
    '-',
    '--',
    '_',
    '__',
    '.',
    ',',
    'a,b',
    'a,omitempty',
    '-,',
    '"',
    "'",
    '`',
    '\\',
    '\\n',
    '\n',
    '\t',
    '\u0000',
    '\u007f',
  ],
  ...[
    '*/',
    '/*',
    '//',
    '#',
    '"""',
    '$\u007bx}',
    '%s',
    '{{.}}',
    '</script>',
    '&amp;',
    'a/b',
    'a~b',
    '~1',
    '$ref',
    '@type',
    'a b',
    ' a',
    'a ',
  ],
  // One identifier from several names.
  ...words('a_b aB AB a-b a.b ab Ab A_B a__b _a_b a_b_ ab2 a_b_2 aB2 userId userID user_id UserId URL url Url'),
  // Digits and signs in front.
  ...words('1 1st 2fa 007 +1 -1 1.5 v1.2 9_9 0x10'),
  // Other scripts, with and without capitals, composed and decomposed.
  ...words('日本 名前 عنوان اسم कीमत ราคา 이름 שם имя ßtraße ǰ ŉ ﬁn Ⅷ ½ ª İ ı é e\u0301 ñ Ünï ᾳ ჯ 𐐀 𝒳 ͅx'),
  ...['😀', '👨‍👩‍👧', '🇩🇪', '\u200b', '\u202e', '\ufeff', '\u2028', 'a\u200db', '٣', '\u{10ffff}'],
]

export const AWKWARD_TEXTS: readonly string[] = [
  ...[
    '',
    ' ',
    'null',
    '0',
    '"',
    '\\',
    '\\u0041',
    '\n\r\t\b\f',
    '\u0000\u001f',
    '</script>&',
    '\u2028\u2029',
    '日本語',
    '😀👨‍👩‍👧',
    '\ufeff',
    '\ufffd',
    '*/ """ \\',
    'ends with """',
  ],
]
