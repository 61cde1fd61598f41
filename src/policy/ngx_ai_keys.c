
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_keys.h"
#include "ngx_ai_pattern.h"


/*
 * An open hash of digests, at most half full.  A slot has the index of a key
 * plus 1, or 0, and bytes of its digest that were not used to find the slot:
 * a key itself is only looked at when it is almost surely the one.
 *
 * The digests are spread evenly by themselves, and nobody can choose them
 * without knowing what they are digests of.
 */

typedef struct {
    uint32_t            index;
    uint32_t            tag;
} ngx_ai_keys_slot_t;


typedef struct {
    uint32_t            slot;
    uint32_t            tag;
    uint32_t            decoy;
} ngx_ai_keys_hash_t;


struct ngx_ai_keys_s {
    ngx_ai_key_t      **keys;
    ngx_ai_keys_slot_t *slots;
    ngx_uint_t          mask;
    ngx_uint_t          n;
    ngx_uint_t          max;
};


static ngx_uint_t ngx_ai_keys_lookup(const ngx_ai_keys_t *keys,
    const u_char *sha256, const ngx_ai_key_t **key);


static const ngx_ai_key_t  ngx_ai_no_key;


ngx_ai_keys_t *
ngx_ai_keys_create(ngx_pool_t *pool, ngx_uint_t max)
{
    ngx_uint_t      nslots;
    ngx_ai_keys_t  *keys;

    keys = ngx_pcalloc(pool, sizeof(ngx_ai_keys_t));
    if (keys == NULL) {
        return NULL;
    }

    nslots = 2;

    while (nslots < 2 * max) {
        nslots *= 2;
    }

    keys->mask = nslots - 1;
    keys->max = max;

    keys->keys = ngx_palloc(pool, (max + 1) * sizeof(ngx_ai_key_t *));
    keys->slots = ngx_pcalloc(pool, nslots * sizeof(ngx_ai_keys_slot_t));

    if (keys->keys == NULL || keys->slots == NULL) {
        return NULL;
    }

    return keys;
}


ngx_int_t
ngx_ai_keys_add(ngx_ai_keys_t *keys, ngx_ai_key_t *key)
{
    ngx_uint_t          i;
    ngx_ai_keys_hash_t  hash;

    if (keys->n == keys->max) {
        return NGX_DECLINED;
    }

    ngx_memcpy(&hash, key->sha256, sizeof(ngx_ai_keys_hash_t));

    i = hash.slot & keys->mask;

    while (keys->slots[i].index) {
        i = (i + 1) & keys->mask;
    }

    keys->keys[keys->n++] = key;

    keys->slots[i].index = (uint32_t) keys->n;
    keys->slots[i].tag = hash.tag;

    return NGX_OK;
}


const ngx_ai_key_t *
ngx_ai_keys_find(const ngx_ai_keys_t *keys, const u_char *sha256)
{
    const ngx_ai_key_t  *key;

    return ngx_ai_keys_lookup(keys, sha256, &key) ? key : NULL;
}


/*
 * 1 and the key of the digest; 0 and any other key, so that as much memory
 * is touched and compared as when it is found.
 */

static ngx_uint_t
ngx_ai_keys_lookup(const ngx_ai_keys_t *keys, const u_char *sha256,
    const ngx_ai_key_t **key)
{
    ngx_uint_t                 i, compared, equal;
    ngx_ai_keys_hash_t         hash;
    const ngx_ai_keys_slot_t  *slot;

    ngx_memcpy(&hash, sha256, sizeof(ngx_ai_keys_hash_t));

    compared = 0;
    equal = 0;
    i = hash.slot & keys->mask;

    for (slot = &keys->slots[i]; slot->index; slot = &keys->slots[i]) {

        if (slot->tag == hash.tag) {
            *key = keys->keys[slot->index - 1];

            compared = 1;
            equal = ngx_ai_equal((*key)->sha256, sha256, NGX_AI_SHA256_LEN);

            if (equal) {
                break;
            }
        }

        i = (i + 1) & keys->mask;
    }

    if (keys->n == 0) {
        *key = &ngx_ai_no_key;
        return 0;
    }

    if (!compared) {

        /*
         * the tag of an empty slot is 0: it makes this load wait for the
         * slot, as that of a key which is found does
         */

        *key = keys->keys[(hash.decoy + slot->tag) % keys->n];

        equal = ngx_ai_equal((*key)->sha256, sha256, NGX_AI_SHA256_LEN);
    }

    return equal;
}


ngx_uint_t
ngx_ai_keys_check(const ngx_ai_keys_t *keys, const ngx_str_t *presented,
    time_t now, const ngx_ai_key_t **key)
{
    u_char               digest[NGX_AI_SHA256_LEN];
    ngx_uint_t           known, verdict;
    const ngx_ai_key_t  *found;

    /* whether it has expired, and whether it is disabled, times 2 */

    static const ngx_uint_t  verdicts[] = {
        NGX_AI_KEY_OK,
        NGX_AI_KEY_EXPIRED,
        NGX_AI_KEY_DISABLED,
        NGX_AI_KEY_DISABLED
    };

    ngx_ai_sha256(presented->data, ngx_min(presented->len, NGX_AI_KEY_MAX),
                  digest);

    known = ngx_ai_keys_lookup(keys, digest, &found);
    known &= (presented->len <= NGX_AI_KEY_MAX);

    verdict = verdicts[2 * (found->disabled != 0)
                       + (found->expires != 0 && now >= found->expires)];

    *key = known ? found : NULL;

    return known ? verdict : NGX_AI_KEY_UNKNOWN;
}


ngx_uint_t
ngx_ai_key_allows(const ngx_ai_key_t *key, const ngx_str_t *model)
{
    return key->nallow == 0
           || ngx_ai_pattern_match_any(key->allow, key->nallow, model);
}


ngx_uint_t
ngx_ai_keys_count(const ngx_ai_keys_t *keys)
{
    return keys->n;
}


const ngx_ai_key_t *
ngx_ai_keys_get(const ngx_ai_keys_t *keys, ngx_uint_t i)
{
    return (i < keys->n) ? keys->keys[i] : NULL;
}
