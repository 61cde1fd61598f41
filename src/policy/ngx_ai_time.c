
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_time.h"


static ngx_int_t ngx_ai_time_zone(u_char *p, u_char *last, ngx_int_t *zone);


ngx_int_t
ngx_ai_time_parse(const ngx_str_t *text, time_t *when)
{
    u_char     *p, *last;
    ngx_int_t   year, month, day, hour, min, sec, days, zone;

    static const ngx_int_t  months[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    /* 2027-01-01T00:00:00 */

    p = text->data;
    last = p + text->len;

    if (text->len < 20 || text->len > 40
        || p[4] != '-' || p[7] != '-' || (p[10] | 0x20) != 't'
        || p[13] != ':' || p[16] != ':')
    {
        return NGX_ERROR;
    }

    year = ngx_atoi(p, 4);
    month = ngx_atoi(p + 5, 2);
    day = ngx_atoi(p + 8, 2);
    hour = ngx_atoi(p + 11, 2);
    min = ngx_atoi(p + 14, 2);
    sec = ngx_atoi(p + 17, 2);

    if (year < 1971 || month < 1 || month > 12 || day < 1
        || hour < 0 || hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 59)
    {
        return NGX_ERROR;
    }

    days = months[month - 1];

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) {
        days++;
    }

    if (day > days) {
        return NGX_ERROR;
    }

    /* days since 1970-01-01, in years that begin in March */

    if (month <= 2) {
        year--;
        month += 12;
    }

    days = 365 * year + year / 4 - year / 100 + year / 400
           + (153 * (month - 3) + 2) / 5 + day - 1 - 719468;

    p += 19;

    if (*p == '.') {
        p++;

        if (p == last || *p < '0' || *p > '9') {
            return NGX_ERROR;
        }

        while (p < last && *p >= '0' && *p <= '9') {
            p++;
        }
    }

    if (ngx_ai_time_zone(p, last, &zone) != NGX_OK) {
        return NGX_ERROR;
    }

    *when = (time_t) days * 86400 + hour * 3600 + min * 60 + sec - zone;

    return NGX_OK;
}


/* "Z", "+02:00" or "-02:00", in seconds */

static ngx_int_t
ngx_ai_time_zone(u_char *p, u_char *last, ngx_int_t *zone)
{
    ngx_int_t  hour, min;

    if (last - p == 1 && (*p | 0x20) == 'z') {
        *zone = 0;
        return NGX_OK;
    }

    if (last - p != 6 || (*p != '+' && *p != '-') || p[3] != ':') {
        return NGX_ERROR;
    }

    hour = ngx_atoi(p + 1, 2);
    min = ngx_atoi(p + 4, 2);

    if (hour < 0 || hour > 23 || min < 0 || min > 59) {
        return NGX_ERROR;
    }

    *zone = (*p == '+') ? hour * 3600 + min * 60 : -(hour * 3600 + min * 60);

    return NGX_OK;
}
