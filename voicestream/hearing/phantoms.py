"""What recognizers trained on subtitles write where nobody speaks, per language, as users of Whisper report it.

In small letters, without punctuation. Only for speech that is too weak to have been it: all of it can be said.
"""

from __future__ import annotations

PHANTOMS: dict[str, frozenset[str]] = {
    "en": frozenset(
        {
            "you",
            "bye",
            "bye bye",
            "thank you",
            "thank you very much",
            "thank you so much",
            "thank you for watching",
            "thanks for watching",
            "thank you so much for watching",
            "thanks for listening",
            "please subscribe",
            "please subscribe to my channel",
            "don't forget to like and subscribe",
            "like and subscribe",
            "see you next time",
            "see you in the next video",
            "i'll see you in the next video",
            "subtitles by the amara org community",
            "subtitles by",
            "transcription by castingwords",
            "transcribed by",
            "music",
            "applause",
            "silence",
        }
    ),
    "de": frozenset(
        {
            "vielen dank",
            "vielen dank fürs zuschauen",
            "danke fürs zuschauen",
            "bis zum nächsten mal",
            "untertitel der amara org community",
            "untertitel im auftrag des zdf für funk",
            "untertitelung des zdf",
            "untertitel von stephanie geiges",
            "copyright wdr",
            "swr",
            "musik",
            "tschüss",
        }
    ),
    "fr": frozenset(
        {
            "merci",
            "merci d'avoir regardé cette vidéo",
            "merci d'avoir regardé",
            "sous titres réalisés par la communauté d'amara org",
            "sous titres réalisés para la communauté d'amara org",
            "sous titrage st 501",
            "sous titrage société radio canada",
            "abonnez vous",
            "à bientôt",
        }
    ),
    "es": frozenset(
        {
            "gracias",
            "gracias por ver el video",
            "gracias por ver",
            "suscríbete",
            "suscríbete al canal",
            "subtítulos realizados por la comunidad de amara org",
            "subtítulos por la comunidad de amara org",
            "hasta la próxima",
        }
    ),
    "it": frozenset(
        {
            "grazie",
            "grazie a tutti",
            "grazie per la visione",
            "grazie per aver guardato il video",
            "sottotitoli creati dalla comunità amara org",
            "sottotitoli e revisione a cura di qtss",
        }
    ),
    "pt": frozenset(
        {
            "obrigado",
            "obrigado por assistir",
            "obrigada por assistir",
            "legendas pela comunidade amara org",
            "legendas pela comunidade das nações unidas",
            "inscreva se no canal",
        }
    ),
    "nl": frozenset(
        {
            "dank u wel",
            "bedankt voor het kijken",
            "ondertitels ingediend door de amara org gemeenschap",
            "ondertiteld door de amara org gemeenschap",
            "tv gelderland 2021",
        }
    ),
    "sv": frozenset(
        {
            "tack",
            "tack för att du tittade",
            "tack för att ni tittade",
            "undertexter från amara org gemenskapen",
            "textning stina hedin www btistudios com",
        }
    ),
    "no": frozenset({"takk", "takk for at du så på", "undertekster av ai media", "teksting av nicolai winther"}),
    "da": frozenset({"tak", "tak fordi du så med", "danske tekster af jesper buhl scandinavian text service 2018"}),
    "pl": frozenset(
        {
            "dziękuję",
            "dziękuję za uwagę",
            "dzięki za oglądanie",
            "napisy stworzone przez społeczność amara org",
            "napisy wykonane przez społeczność amara org",
        }
    ),
    "ru": frozenset(
        {
            "спасибо",
            "спасибо за просмотр",
            "продолжение следует",
            "субтитры сделал dimatorzok",
            "субтитры создавал dimatorzok",
            "редактор субтитров а семкин корректор а егорова",
            "субтитры делал dimatorzok",
        }
    ),
    "uk": frozenset({"дякую", "дякую за перегляд", "субтитрувальниця оля шор"}),
    "tr": frozenset(
        {
            "teşekkürler",
            "izlediğiniz için teşekkür ederim",
            "izlediğiniz için teşekkürler",
            "altyazı m k",
            "abone olmayı unutmayın",
        }
    ),
    "ja": frozenset(
        {
            "ご視聴ありがとうございました",
            "ご視聴ありがとうございます",
            "ありがとうございました",
            "チャンネル登録をお願いいたします",
            "おやすみなさい",
            "字幕視聴ありがとうございました",
        }
    ),
    "zh": frozenset(
        {
            "谢谢观看",
            "謝謝觀看",
            "谢谢大家",
            "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
            "字幕by索兰娅",
            "字幕由amara org社区提供",
            "由 amara org 社群提供的字幕",
            "优优独播剧场 yoyo television series exclusive",
        }
    ),
    "ko": frozenset(
        {
            "감사합니다",
            "시청해주셔서 감사합니다",
            "시청해 주셔서 감사합니다",
            "구독과 좋아요 부탁드립니다",
            "mbc 뉴스 이덕영입니다",
        }
    ),
    "ar": frozenset({"شكرا", "شكرا للمشاهدة", "اشتركوا في القناة", "ترجمة نانسي قنقر"}),
    "cs": frozenset({"děkuji", "děkuji za pozornost", "titulky vytvořil johnyx"}),
    "fi": frozenset({"kiitos", "kiitos kun katsoit", "tekstitys suomi"}),
    "hu": frozenset({"köszönöm", "köszönöm hogy megnézted", "feliratok az amara org közösségtől"}),
}
