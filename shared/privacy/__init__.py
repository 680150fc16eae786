"""Privacy: masking, checks of identity numbers and phones, encryption at rest, blind indexes, sealing."""

from shared.privacy.blind_index import blind_index
from shared.privacy.cipher import FieldCipher, UnreadableValue, field_cipher
from shared.privacy.identity_numbers import IdentityNumber, parse_identity_number
from shared.privacy.key_files import MissingKeys
from shared.privacy.masking import mask_identity, mask_name, mask_phone
from shared.privacy.names import clean_name, split_name
from shared.privacy.phones import parse_phone
from shared.privacy.pinyin import clean_query, pinyin_of
from shared.privacy.sealing import Unsealable, seal, unseal

__all__ = [
    "FieldCipher",
    "IdentityNumber",
    "MissingKeys",
    "UnreadableValue",
    "Unsealable",
    "blind_index",
    "clean_name",
    "clean_query",
    "field_cipher",
    "mask_identity",
    "mask_name",
    "mask_phone",
    "parse_identity_number",
    "parse_phone",
    "pinyin_of",
    "seal",
    "split_name",
    "unseal",
]
