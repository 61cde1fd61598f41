
/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_ai_route.h"
#include "ngx_ai_vendors.h"


#define NGX_AI_VENDORS  (sizeof(ngx_ai_vendors) / sizeof(ngx_ai_vendors[0]))

#define NGX_AI_PLACE_MAX  128


typedef struct {
    ngx_str_t   name;
    size_t      offset;
} ngx_ai_hole_t;


static const ngx_str_t *ngx_ai_vendor_hole(const ngx_ai_place_t *place,
    const u_char *name, size_t len);


const ngx_ai_auth_t  ngx_ai_auths[NGX_AI_AUTH_MAX] = {
    { ngx_string("Authorization"), ngx_string("Bearer ") },
    { ngx_string("api-key"), ngx_null_string },
    { ngx_string("x-api-key"), ngx_null_string },
    { ngx_string("x-goog-api-key"), ngx_null_string }
};


/*
 * name, title, url, environment variable, dialect, others, auth, quirks
 *
 * The url is what clients know as the base URL: a route's path follows it
 * without its own "/v1".  Where it is empty each customer has another:
 *
 *     databricks    https://<workspace>/serving-endpoints
 */

static const ngx_ai_vendor_t  ngx_ai_vendors[] = {

    { ngx_string("openai"), ngx_string("OpenAI"),
      ngx_string("https://api.openai.com/v1"),
      ngx_string("OPENAI_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_FILES | NGX_AI_QUIRK_OPENAI },

    { ngx_string("azure"), ngx_string("Azure OpenAI"),
      ngx_string("https://{resource}.openai.azure.com/openai/v1"),
      ngx_string("AZURE_OPENAI_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_API_KEY,
      NGX_AI_QUIRK_FILES | NGX_AI_QUIRK_OPENAI },

    { ngx_string("azure-deployments"), ngx_string("Azure OpenAI, by version"),
      ngx_string("https://{resource}.openai.azure.com/openai"),
      ngx_string("AZURE_OPENAI_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_API_KEY,
      NGX_AI_QUIRK_FILES | NGX_AI_QUIRK_DEPLOYMENTS
      | NGX_AI_QUIRK_MAX_COMPLETION | NGX_AI_QUIRK_DEVELOPER
      | NGX_AI_QUIRK_TOOL_ID_40 },

    /* models of their own, in words of their own */

    { ngx_string("anthropic"), ngx_string("Anthropic"),
      ngx_string("https://api.anthropic.com/v1"),
      ngx_string("ANTHROPIC_API_KEY"), NGX_AI_DIALECT_ANTHROPIC,
      0, NGX_AI_AUTH_X_API_KEY, 0 },

    { ngx_string("gemini"), ngx_string("Google Gemini"),
      ngx_string("https://generativelanguage.googleapis.com/v1beta"),
      ngx_string("GEMINI_API_KEY"), NGX_AI_DIALECT_GEMINI,
      0, NGX_AI_AUTH_GOOG, NGX_AI_QUIRK_NO_DONE },

    { ngx_string("vertex"), ngx_string("Google Vertex AI"),
      ngx_string("https://{location-}aiplatform.googleapis.com/v1"
                 "/projects/{project}/locations/{location}/publishers/google"),
      ngx_null_string, NGX_AI_DIALECT_GEMINI,
      0, NGX_AI_AUTH_GOOG, NGX_AI_QUIRK_NO_DONE },

    { ngx_string("vertex-express"), ngx_string("Google Vertex AI, by a key"),
      ngx_string("https://aiplatform.googleapis.com/v1/publishers/google"),
      ngx_string("GOOGLE_VERTEX_API_KEY"), NGX_AI_DIALECT_GEMINI,
      0, NGX_AI_AUTH_GOOG, NGX_AI_QUIRK_NO_DONE },

    { ngx_string("vertex-anthropic"), ngx_string("Claude on Vertex AI"),
      ngx_string("https://{location-}aiplatform.googleapis.com/v1"
                 "/projects/{project}/locations/{location}"
                 "/publishers/anthropic"),
      ngx_null_string, NGX_AI_DIALECT_ANTHROPIC,
      0, NGX_AI_AUTH_GOOG, NGX_AI_QUIRK_VERTEX_CLAUDE },

    { ngx_string("bedrock"), ngx_string("Amazon Bedrock"),
      ngx_string("https://bedrock-runtime.{aws_region}.amazonaws.com"),
      ngx_string("AWS_BEARER_TOKEN_BEDROCK"), NGX_AI_DIALECT_BEDROCK,
      0, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("cohere"), ngx_string("Cohere"),
      ngx_string("https://api.cohere.com/v2"),
      ngx_string("COHERE_API_KEY"), NGX_AI_DIALECT_COHERE,
      0, NGX_AI_AUTH_BEARER, 0 },

    /* any server of that format */

    { ngx_string("responses"), ngx_string("OpenAI Responses"),
      ngx_string("https://api.openai.com/v1"),
      ngx_string("OPENAI_API_KEY"), NGX_AI_DIALECT_RESPONSES,
      0, NGX_AI_AUTH_BEARER, 0 },

    /* models of their own */

    { ngx_string("ai21"), ngx_string("AI21 Labs"),
      ngx_string("https://api.ai21.com/studio/v1"),
      ngx_string("AI21_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("deepseek"), ngx_string("DeepSeek"),
      ngx_string("https://api.deepseek.com"),
      ngx_string("DEEPSEEK_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_USAGE_ALWAYS | NGX_AI_QUIRK_REASONING_ECHO },

    { ngx_string("inception"), ngx_string("Inception Labs"),
      ngx_string("https://api.inceptionlabs.ai/v1"),
      ngx_string("INCEPTION_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("jina"), ngx_string("Jina AI"),
      ngx_string("https://api.jina.ai/v1"),
      ngx_string("JINA_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("mistral"), ngx_string("Mistral AI"),
      ngx_string("https://api.mistral.ai/v1"),
      ngx_string("MISTRAL_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_USAGE_ALWAYS | NGX_AI_QUIRK_TOOL_ID_9
      | NGX_AI_QUIRK_TOOL_CHOICE_ANY | NGX_AI_QUIRK_RANDOM_SEED
      | NGX_AI_QUIRK_STRICT },

    { ngx_string("perplexity"), ngx_string("Perplexity"),
      ngx_string("https://api.perplexity.ai"),
      ngx_string("PERPLEXITY_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_USAGE_ALWAYS | NGX_AI_QUIRK_NO_DONE },

    { ngx_string("upstage"), ngx_string("Upstage"),
      ngx_string("https://api.upstage.ai/v1"),
      ngx_string("UPSTAGE_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("voyage"), ngx_string("Voyage AI"),
      ngx_string("https://api.voyageai.com/v1"),
      ngx_string("VOYAGE_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("xai"), ngx_string("xAI"),
      ngx_string("https://api.x.ai/v1"),
      ngx_string("XAI_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_REASONING_APART },

    /* models of their own, in China; "-cn" and "-intl" have accounts apart */

    { ngx_string("01ai"), ngx_string("01.AI"),
      ngx_string("https://api.lingyiwanwu.com/v1"),
      ngx_string("YI_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("baichuan"), ngx_string("Baichuan"),
      ngx_string("https://api.baichuan-ai.com/v1"),
      ngx_string("BAICHUAN_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("dashscope"), ngx_string("Alibaba DashScope (Qwen)"),
      ngx_string("https://dashscope.aliyuncs.com/compatible-mode/v1"),
      ngx_string("DASHSCOPE_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_FILES },

    { ngx_string("dashscope-intl"), ngx_string("Alibaba Model Studio (Qwen)"),
      ngx_string("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
      ngx_string("DASHSCOPE_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("hunyuan"), ngx_string("Tencent Hunyuan"),
      ngx_string("https://api.hunyuan.cloud.tencent.com/v1"),
      ngx_string("HUNYUAN_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("minimax"), ngx_string("MiniMax"),
      ngx_string("https://api.minimax.io/v1"),
      ngx_string("MINIMAX_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_NO_DONE | NGX_AI_QUIRK_BASE_RESP },

    { ngx_string("minimax-cn"), ngx_string("MiniMax (China)"),
      ngx_string("https://api.minimaxi.com/v1"),
      ngx_string("MINIMAX_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_NO_DONE | NGX_AI_QUIRK_BASE_RESP },

    { ngx_string("moonshot"), ngx_string("Moonshot AI (Kimi)"),
      ngx_string("https://api.moonshot.ai/v1"),
      ngx_string("MOONSHOT_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_REASONING_ECHO },

    { ngx_string("moonshot-cn"), ngx_string("Moonshot AI (Kimi, China)"),
      ngx_string("https://api.moonshot.cn/v1"),
      ngx_string("MOONSHOT_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_REASONING_ECHO },

    { ngx_string("qianfan"), ngx_string("Baidu Qianfan"),
      ngx_string("https://qianfan.baidubce.com/v2"),
      ngx_string("QIANFAN_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("stepfun"), ngx_string("StepFun"),
      ngx_string("https://api.stepfun.com/v1"),
      ngx_string("STEPFUN_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("volcengine"), ngx_string("Volcengine Ark (Doubao)"),
      ngx_string("https://ark.cn-beijing.volces.com/api/v3"),
      ngx_string("ARK_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("zai"), ngx_string("Z.ai"),
      ngx_string("https://api.z.ai/api/paas/v4"),
      ngx_string("ZAI_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_REASONING_ECHO },

    { ngx_string("zhipu"), ngx_string("Zhipu AI (GLM)"),
      ngx_string("https://open.bigmodel.cn/api/paas/v4"),
      ngx_string("ZHIPUAI_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_FILES | NGX_AI_QUIRK_REASONING_ECHO },

    /* hosts of others' models */

    { ngx_string("baseten"), ngx_string("Baseten"),
      ngx_string("https://inference.baseten.co/v1"),
      ngx_string("BASETEN_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("cerebras"), ngx_string("Cerebras"),
      ngx_string("https://api.cerebras.ai/v1"),
      ngx_string("CEREBRAS_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_NO_DONE },

    { ngx_string("chutes"), ngx_string("Chutes"),
      ngx_string("https://llm.chutes.ai/v1"),
      ngx_string("CHUTES_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("databricks"), ngx_string("Databricks"),
      ngx_null_string,
      ngx_string("DATABRICKS_TOKEN"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_USAGE_ALWAYS },

    { ngx_string("deepinfra"), ngx_string("DeepInfra"),
      ngx_string("https://api.deepinfra.com/v1/openai"),
      ngx_string("DEEPINFRA_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("featherless"), ngx_string("Featherless"),
      ngx_string("https://api.featherless.ai/v1"),
      ngx_string("FEATHERLESS_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("fireworks"), ngx_string("Fireworks AI"),
      ngx_string("https://api.fireworks.ai/inference/v1"),
      ngx_string("FIREWORKS_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("friendli"), ngx_string("FriendliAI"),
      ngx_string("https://api.friendli.ai/serverless/v1"),
      ngx_string("FRIENDLI_TOKEN"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("groq"), ngx_string("Groq"),
      ngx_string("https://api.groq.com/openai/v1"),
      ngx_string("GROQ_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_FILES },

    { ngx_string("hyperbolic"), ngx_string("Hyperbolic"),
      ngx_string("https://api.hyperbolic.xyz/v1"),
      ngx_string("HYPERBOLIC_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("nebius"), ngx_string("Nebius Token Factory"),
      ngx_string("https://api.tokenfactory.nebius.com/v1"),
      ngx_string("NEBIUS_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("novita"), ngx_string("Novita AI"),
      ngx_string("https://api.novita.ai/v3/openai"),
      ngx_string("NOVITA_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("nvidia"), ngx_string("NVIDIA"),
      ngx_string("https://integrate.api.nvidia.com/v1"),
      ngx_string("NVIDIA_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("sambanova"), ngx_string("SambaNova"),
      ngx_string("https://api.sambanova.ai/v1"),
      ngx_string("SAMBANOVA_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("scaleway"), ngx_string("Scaleway"),
      ngx_string("https://api.scaleway.ai/v1"),
      ngx_string("SCW_SECRET_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("siliconflow"), ngx_string("SiliconFlow"),
      ngx_string("https://api.siliconflow.com/v1"),
      ngx_string("SILICONFLOW_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("siliconflow-cn"), ngx_string("SiliconFlow (China)"),
      ngx_string("https://api.siliconflow.cn/v1"),
      ngx_string("SILICONFLOW_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_FILES },

    { ngx_string("together"), ngx_string("Together AI"),
      ngx_string("https://api.together.xyz/v1"),
      ngx_string("TOGETHER_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_FILES },

    { ngx_string("venice"), ngx_string("Venice"),
      ngx_string("https://api.venice.ai/api/v1"),
      ngx_string("VENICE_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    /* routers to many vendors */

    { ngx_string("github"), ngx_string("GitHub Models"),
      ngx_string("https://models.github.ai/inference"),
      ngx_string("GITHUB_TOKEN"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("huggingface"), ngx_string("Hugging Face"),
      ngx_string("https://router.huggingface.co/v1"),
      ngx_string("HF_TOKEN"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_NO_DONE },

    { ngx_string("openrouter"), ngx_string("OpenRouter"),
      ngx_string("https://openrouter.ai/api/v1"),
      ngx_string("OPENROUTER_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_USAGE_ALWAYS },

    { ngx_string("requesty"), ngx_string("Requesty"),
      ngx_string("https://router.requesty.ai/v1"),
      ngx_string("REQUESTY_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, 0 },

    { ngx_string("vercel"), ngx_string("Vercel AI Gateway"),
      ngx_string("https://ai-gateway.vercel.sh/v1"),
      ngx_string("AI_GATEWAY_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, 0 },

    /* servers of one's own, at their default ports */

    { ngx_string("litellm"), ngx_string("LiteLLM proxy"),
      ngx_string("http://127.0.0.1:4000/v1"),
      ngx_string("LITELLM_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_KEYLESS },

    { ngx_string("llamacpp"), ngx_string("llama.cpp server"),
      ngx_string("http://127.0.0.1:8080/v1"),
      ngx_string("LLAMA_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_KEYLESS },

    { ngx_string("lmstudio"), ngx_string("LM Studio"),
      ngx_string("http://127.0.0.1:1234/v1"),
      ngx_null_string, NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_KEYLESS },

    { ngx_string("localai"), ngx_string("LocalAI"),
      ngx_string("http://127.0.0.1:8080/v1"),
      ngx_null_string, NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_KEYLESS },

    { ngx_string("ollama"), ngx_string("Ollama"),
      ngx_string("http://127.0.0.1:11434"),
      ngx_null_string, NGX_AI_DIALECT_OLLAMA,
      NGX_AI_ALSO_OPENAI, NGX_AI_AUTH_BEARER,
      NGX_AI_QUIRK_KEYLESS | NGX_AI_QUIRK_V1 },

    { ngx_string("sglang"), ngx_string("SGLang"),
      ngx_string("http://127.0.0.1:30000/v1"),
      ngx_null_string, NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_KEYLESS },

    { ngx_string("vllm"), ngx_string("vLLM"),
      ngx_string("http://127.0.0.1:8000/v1"),
      ngx_string("VLLM_API_KEY"), NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_RESPONSES, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_KEYLESS },

    { ngx_string("xinference"), ngx_string("Xinference"),
      ngx_string("http://127.0.0.1:9997/v1"),
      ngx_null_string, NGX_AI_DIALECT_OPENAI,
      NGX_AI_ALSO_COMPLETIONS, NGX_AI_AUTH_BEARER, NGX_AI_QUIRK_KEYLESS }
};


static const ngx_ai_hole_t  ngx_ai_holes[] = {
    { ngx_string("aws_region"), offsetof(ngx_ai_place_t, aws_region) },
    { ngx_string("location"), offsetof(ngx_ai_place_t, location) },
    { ngx_string("location-"), offsetof(ngx_ai_place_t, location) },
    { ngx_string("project"), offsetof(ngx_ai_place_t, project) },
    { ngx_string("resource"), offsetof(ngx_ai_place_t, resource) },
    { ngx_null_string, 0 }
};


const ngx_ai_vendor_t *
ngx_ai_vendor_find(const ngx_str_t *name)
{
    ngx_uint_t              i;
    const ngx_ai_vendor_t  *vendor;

    for (i = 0; i < NGX_AI_VENDORS; i++) {
        vendor = &ngx_ai_vendors[i];

        if (vendor->name.len == name->len
            && ngx_memcmp(vendor->name.data, name->data, name->len) == 0)
        {
            return vendor;
        }
    }

    return NULL;
}


const ngx_ai_vendor_t *
ngx_ai_vendor(ngx_uint_t i)
{
    return (i < NGX_AI_VENDORS) ? &ngx_ai_vendors[i] : NULL;
}


ngx_int_t
ngx_ai_vendor_url(const ngx_ai_vendor_t *vendor, const ngx_ai_place_t *place,
    ngx_pool_t *pool, ngx_str_t *out)
{
    u_char           *p, *dst, *last, *end;
    size_t            len;
    const ngx_str_t  *value;

    p = vendor->url.data;
    last = p + vendor->url.len;

    len = vendor->url.len + place->aws_region.len + 2 * place->location.len
          + place->project.len + place->resource.len;

    dst = ngx_pnalloc(pool, len + 1);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    out->data = dst;

    while (p < last) {

        if (*p != '{') {
            *dst++ = *p++;
            continue;
        }

        p++;
        end = ngx_strlchr(p, last, '}');

        value = ngx_ai_vendor_hole(place, p, end - p);

        if (value->len == 0) {
            out->data = p;
            out->len = (end[-1] == '-') ? end - 1 - p : end - p;
            return NGX_DECLINED;
        }

        if (end[-1] != '-') {
            dst = ngx_cpymem(dst, value->data, value->len);

        } else if (value->len != sizeof("global") - 1
                   || ngx_memcmp(value->data, "global", value->len) != 0)
        {
            dst = ngx_cpymem(dst, value->data, value->len);
            *dst++ = '-';
        }

        p = end + 1;
    }

    out->len = dst - out->data;

    return NGX_OK;
}


/* every hole of the table has its row: a test sees to that */

static const ngx_str_t *
ngx_ai_vendor_hole(const ngx_ai_place_t *place, const u_char *name,
    size_t len)
{
    const ngx_ai_hole_t  *hole;

    hole = ngx_ai_holes;

    while (hole->name.len
           && (hole->name.len != len
               || ngx_memcmp(hole->name.data, name, len) != 0))
    {
        hole++;
    }

    return (const ngx_str_t *) ((const u_char *) place + hole->offset);
}


ngx_int_t
ngx_ai_vendor_check_place(const ngx_str_t *value)
{
    u_char  c;
    size_t  i;

    if (value->len == 0 || value->len > NGX_AI_PLACE_MAX) {
        return NGX_ERROR;
    }

    for (i = 0; i < value->len; i++) {
        c = value->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '.' || c == '-' || c == '_' || c == ':'))
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
